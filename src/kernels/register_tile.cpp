#include "kernels/register_tile.hpp"

#include <algorithm>

#include "core/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace medpfl {

#if defined(__x86_64__)

namespace {

constexpr int64_t kVector = 8;      // floats of an AVX2 register; a row of a tile is two
constexpr int64_t kRowsAhead = 12;  // of the left factor, that are asked for

template <int kRows, bool kScattered>
MEDPFL_AVX2 void add_rows(const TileFactor& left, int64_t left_row, const TileFactor& right,
                          int64_t n, bool accumulate, float* y, int64_t y_row) {
  // Loops over rows are unrolled, or the compiler keeps the sums in memory.
  __m256 low_sum[kRows], high_sum[kRows];
  const float* a[kRows];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
    low_sum[r] = high_sum[r] = _mm256_setzero_ps();
    a[r] = left.data + r * left_row;
    asm("" : "+r"(a[r]));  // a register each, or a third of the work is sums of addresses
  }
  const int32_t* at = left.offsets;
  const int32_t* bt = right.offsets;
  const float* b0 = right.data;
#pragma GCC unroll 2
  for (int64_t i = 0; i < n; ++i) {
    const int64_t x = at[i];
    const float* b = b0 + bt[i];
    if (kScattered)
      _mm_prefetch(
          reinterpret_cast<const char*>(a[i % 2 * (kRows / 2)] + x + kRowsAhead * left_row),
          _MM_HINT_T0);
    const __m256 low = _mm256_loadu_ps(b);
    const __m256 high = _mm256_loadu_ps(b + kVector);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const __m256 factor = _mm256_broadcast_ss(a[r] + x);
      low_sum[r] = _mm256_fmadd_ps(factor, low, low_sum[r]);
      high_sum[r] = _mm256_fmadd_ps(factor, high, high_sum[r]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
    float* to = y + r * y_row;
    if (accumulate) {
      low_sum[r] = _mm256_add_ps(low_sum[r], _mm256_loadu_ps(to));
      high_sum[r] = _mm256_add_ps(high_sum[r], _mm256_loadu_ps(to + kVector));
    }
    _mm256_storeu_ps(to, low_sum[r]);
    _mm256_storeu_ps(to + kVector, high_sum[r]);
  }
}

template <bool kScattered>
void add_some_rows(const TileFactor& left, int64_t left_row, const TileFactor& right, int64_t n,
                   bool accumulate, int64_t rows, float* y, int64_t y_row) {
  switch (rows) {
    case 1:
      return add_rows<1, kScattered>(left, left_row, right, n, accumulate, y, y_row);
    case 2:
      return add_rows<2, kScattered>(left, left_row, right, n, accumulate, y, y_row);
    case 3:
      return add_rows<3, kScattered>(left, left_row, right, n, accumulate, y, y_row);
    case 4:
      return add_rows<4, kScattered>(left, left_row, right, n, accumulate, y, y_row);
    case 5:
      return add_rows<5, kScattered>(left, left_row, right, n, accumulate, y, y_row);
    default:
      return add_rows<kTileRows, kScattered>(left, left_row, right, n, accumulate, y, y_row);
  }
}

// to[p * kTileColumns + i] = from[i][p] for 8 x 8 numbers.
MEDPFL_AVX2 void transpose(const float* const* from, int64_t first, float* to) {
  __m256 row[kVector], pair[kVector];
#pragma GCC unroll 8
  for (int64_t i = 0; i < kVector; ++i) row[i] = _mm256_loadu_ps(from[i] + first);
#pragma GCC unroll 4
  for (int64_t i = 0; i < kVector; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
#pragma GCC unroll 2
  for (int64_t i = 0; i < kVector; i += 4) {
    row[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    row[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
    row[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    row[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int64_t i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * kTileColumns, _mm256_permute2f128_ps(row[i], row[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * kTileColumns, _mm256_permute2f128_ps(row[i], row[i + 4], 0x31));
  }
}

}  // namespace

bool have_register_tiles() {
  static const bool have = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return have;
}

void add_tile(const TileFactor& left, int64_t left_row, bool scattered, const TileFactor& right,
              int64_t n, bool accumulate, int64_t rows, int64_t columns, float* y, int64_t y_row) {
  const auto add = scattered ? add_some_rows<true> : add_some_rows<false>;
  for (int64_t first = 0; first < rows; first += kTileRows) {
    const TileFactor some = {left.data + first * left_row, left.offsets};
    const int64_t count = std::min(kTileRows, rows - first);
    float* to = y + first * y_row;
    if (columns == kTileColumns) {
      add(some, left_row, right, n, accumulate, count, to, y_row);
      continue;
    }
    float tile[kTileRows * kTileColumns] = {};
    if (accumulate)
      for (int64_t r = 0; r < count; ++r)
        std::copy_n(to + r * y_row, columns, tile + r * kTileColumns);
    add(some, left_row, right, n, accumulate, count, tile, kTileColumns);
    for (int64_t r = 0; r < count; ++r)
      std::copy_n(tile + r * kTileColumns, columns, to + r * y_row);
  }
}

void transpose_rows(const float* const* rows, int64_t n, float* to) {
  int64_t p = 0;
  for (; p + kVector <= n; p += kVector)
    for (int64_t i = 0; i < kTileColumns; i += kVector)
      transpose(rows + i, p, to + p * kTileColumns + i);
  for (; p < n; ++p)
    for (int64_t i = 0; i < kTileColumns; ++i) to[p * kTileColumns + i] = rows[i][p];
}

#else

namespace {

[[noreturn]] void refuse() {
  throw Error(ExitCode::kInternal, "register tiles on a processor that has none");
}

}  // namespace

bool have_register_tiles() { return false; }

void add_tile(const TileFactor&, int64_t, bool, const TileFactor&, int64_t, bool, int64_t, int64_t,
              float*, int64_t) {
  refuse();
}

void transpose_rows(const float* const*, int64_t, float*) { refuse(); }

#endif

}  // namespace medpfl
