#pragma once

/// Marks a function with plain loops: it is compiled for AVX-512, AVX2 and the baseline, and the
/// widest that the processor has runs. As with BLAS, the last bits depend on the kind of processor.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MEDPFL_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MEDPFL_VECTOR_CLONES
#endif
