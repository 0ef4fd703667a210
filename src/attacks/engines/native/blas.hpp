#pragma once
#include <cblas.h>

#include <cstdint>

namespace medpfl::native {

enum class Op { kPlain, kTransposed };

/// Computes C = op(A) op(B) + beta C, row-major and dense: op(A) [m, k], op(B) [k, n], C [m, n].
inline void multiply(Op op_a, Op op_b, int64_t m, int64_t n, int64_t k, const float* a,
                     const float* b, float beta, float* c) {
  const auto transposed = [](Op op) { return op == Op::kPlain ? CblasNoTrans : CblasTrans; };
  const auto as_int = [](int64_t extent) { return static_cast<int>(extent); };
  const int64_t lda = op_a == Op::kPlain ? k : m;
  if (n == 1) {
    // A matrix product would pack A for the one column.
    const int64_t rows = op_a == Op::kPlain ? m : k;
    cblas_sgemv(CblasRowMajor, transposed(op_a), as_int(rows), as_int(lda), 1, a, as_int(lda), b, 1,
                beta, c, 1);
    return;
  }
  cblas_sgemm(CblasRowMajor, transposed(op_a), transposed(op_b), as_int(m), as_int(n), as_int(k), 1,
              a, as_int(lda), b, as_int(op_b == Op::kPlain ? n : k), beta, c, as_int(n));
}

}  // namespace medpfl::native
