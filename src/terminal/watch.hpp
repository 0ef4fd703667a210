#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "results/folder/progress_file.hpp"

namespace medpfl {

/// What can be seen of a job from outside at one moment.
struct JobView {
  std::string run;       ///< folder of the run in hand; "" where none is published
  RunProgress progress;  ///< of that run
  std::string status;    ///< running, complete, interrupted, failed, as the result file says
  std::string holder;    ///< a sentence on whether a process works on it
  bool ended = false;    ///< nothing more will come: the job is done, or nobody works on it
};

/// Looks at the run, audit or sweep in `folder`; of the latter two at the run inside that was
/// published last. Throws FormatError where it holds neither a result nor progress.
JobView look_at(const std::string& folder);

/// Returns lines that show it: what is counted and the time left, the last round, the task in hand.
/// `now`: seconds since 1970.
std::vector<std::string> view_lines(const JobView& view, int64_t now);

}  // namespace medpfl
