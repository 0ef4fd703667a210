#pragma once

/// Before a function with plain loops: compiled for AVX-512, AVX2 and the baseline, the widest that
/// the processor has runs. As with BLAS, its kind decides the last bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MEDPFL_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MEDPFL_VECTOR_CLONES
#endif
