#pragma once
#include <string>

namespace medpfl {

/// Text by which a process leaves word of itself in a file: "process 7 of node1" in its first line;
/// what tells it from others of that number in its second (when it began, what its host's start and
/// its numbers of processes are known by).
std::string mark_process();

/// Returns the first line of a mark, or "another process" where the file is empty or cannot be
/// read.
std::string holder_named(const std::string& mark);

/// What is known here of the process of a mark. Unknown: it was on another host or in another
/// container, the host was started anew, or the text is no mark.
enum class ProcessState { kAlive, kGone, kUnknown };
ProcessState process_state(const std::string& mark);
inline bool is_process_gone(const std::string& mark) {
  return process_state(mark) == ProcessState::kGone;
}

/// Returns up to 512 bytes of an open file, from its start; "" where it cannot be read.
std::string read_mark(int file);

}  // namespace medpfl
