#pragma once
#include <chrono>
#include <string>

#include "results/folder/process_mark.hpp"

namespace medpfl {

/// Who holds a run's folder, by the file that RunLock keeps there and a killed process leaves.
struct RunHolder {
  std::string process;  ///< "process 7 of node1", "another process", or "" where nobody does
  ProcessState state = ProcessState::kGone;
};

/// Returns who holds the run in `folder`. Changes nothing there.
RunHolder find_holder(const std::string& folder);

/// Throws OutputError where the file that RunLock keeps in `folder` does not become, within
/// `patience`, one with this mark: then this process sees another folder of that name than the
/// process that marked it. The caches of network file systems may be half a minute old.
void expect_holder(const std::string& folder, const std::string& mark,
                   std::chrono::milliseconds patience = std::chrono::seconds(30));

/// Returns a sentence, with its newline, on whether a process works on a run that is not complete.
std::string describe_holder(const RunHolder& holder);

}  // namespace medpfl
