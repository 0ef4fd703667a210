#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

/// Settings every process makes once, before the first tensor: `threads` compute threads for torch,
/// and an allocator that keeps large temporaries (glibc returns them to the system at every step,
/// which costs up to 3.6 times the compute).
void prepare_process(int threads);

/// Largest resident memory of this process so far, in bytes.
int64_t peak_memory_bytes();

std::string host_name();

}  // namespace medpfl
