#pragma once
#include <cstdint>

/// Marks a function that is compiled for AVX2 and FMA: it may only be called where
/// have_register_tiles() holds.
#if defined(__x86_64__)
#define MEDPFL_AVX2 __attribute__((target("avx2,fma")))
#else
#define MEDPFL_AVX2
#endif

namespace medpfl {

/// The rows and columns of sums that the registers of AVX2 hold at a time.
inline constexpr int64_t kTileRows = 6, kTileColumns = 16;

/// One factor of a sum of products, whose i-th number is data[offsets[i]].
struct TileFactor {
  const float* data;
  const int32_t* offsets;
};

/// Whether this processor has AVX2 and FMA, which add_tile needs.
bool have_register_tiles();

/// Writes (with `accumulate` adds) to y[r * y_row + c] the sum over i < n of left[r * left_row] *
/// right[c], for any number of rows and the first `columns` <= kTileColumns columns; `right` is
/// read for all kTileColumns. Sums run in order from zero and are then added to y: the bits of a
/// result do not depend on how a larger product is cut into rows and columns. `scattered` says that
/// the left numbers are not next to each other in memory; those of the next rows are then
/// prefetched.
void add_tile(const TileFactor& left, int64_t left_row, bool scattered, const TileFactor& right,
              int64_t n, bool accumulate, int64_t rows, int64_t columns, float* y, int64_t y_row);

/// Sets to[p * kTileColumns + i] = rows[i][p] for n numbers of each of kTileColumns rows, which
/// makes a right factor whose columns are those rows.
void transpose_rows(const float* const* rows, int64_t n, float* to);

}  // namespace medpfl
