#include "results/folder/run_holder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "results/folder/run_lock.hpp"

namespace medpfl {

RunHolder find_holder(const std::string& folder) {
  std::ifstream file(std::filesystem::path(folder) / RunLock::kName);
  if (!file) return {};
  const std::string mark{std::istreambuf_iterator<char>(file), {}};
  return {holder_named(mark), process_state(mark)};
}

std::string describe_holder(const RunHolder& holder) {
  switch (holder.state) {
    case ProcessState::kAlive:
      return fmt::format("{} is at work on it\n", holder.process);
    case ProcessState::kUnknown:
      return fmt::format(
          "{} was at work on it when it was last written; whether it still is cannot be known "
          "here\n",
          holder.process);
    case ProcessState::kGone:
      break;
  }
  return fmt::format("no process is at work on it now{}; go on with --resume\n",
                     holder.process.empty()
                         ? ""
                         : fmt::format(": {} was killed or lost its node", holder.process));
}

}  // namespace medpfl
