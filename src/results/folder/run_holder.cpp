#include "results/folder/run_holder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <thread>

#include "core/error.hpp"
#include "core/process.hpp"
#include "results/folder/run_lock.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// The mark in the file of RunLock; nothing where there is no such file.
std::optional<std::string> mark_in(const std::string& folder) {
  std::ifstream file(fs::path(folder) / RunLock::kName);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

RunHolder find_holder(const std::string& folder) {
  const auto mark = mark_in(folder);
  if (!mark) return {};
  return {holder_named(*mark), process_state(*mark)};
}

void expect_holder(const std::string& folder, const std::string& mark,
                   std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (mark_in(folder) != mark) {
    if (std::chrono::steady_clock::now() >= end) {
      std::error_code unknown;
      throw OutputError(fmt::format(
          "run.output={}: {} on {} is not the folder that {} has; choose one on a file system that "
          "all hosts share, and name its whole path",
          folder, fs::absolute(folder, unknown).string(), host_name(), holder_named(mark)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
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
