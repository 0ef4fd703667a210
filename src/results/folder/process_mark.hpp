#pragma once
#include <string>

namespace medpfl {

/// Returns a text by which a file names the process that wrote it: "process 7 of node1" in its
/// first line; in its second what tells the process from others of that number (when it began, and
/// what identifies its host's start and its process numbers).
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
