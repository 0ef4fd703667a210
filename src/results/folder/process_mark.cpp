#include "results/folder/process_mark.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

#include "core/process.hpp"

namespace medpfl {
namespace {

constexpr const char* kEnded = "ended";

// When a process began, in ticks since the start of its host, "ended" for one that only its parent
// still knows, and "" where the system does not say.
std::string start_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(file, line);
  // The second field is the program's name, in parentheses, with any characters.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream fields(line.substr(name_end + 1));
  std::string state, field;
  fields >> state;
  if (state == "Z" || state == "X") return kEnded;
  for (int number = 4; number <= 22; ++number) fields >> field;
  return fields ? field : "";
}

// Where the numbers of processes are those of this one: this start of this host, this container.
std::string place() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::array<char, 64> space{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", space.data(), space.size());
  return boot + " " + std::string(space.data(), static_cast<size_t>(length > 0 ? length : 0));
}

std::string line_of(const std::string& text, int number) {
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i <= number; ++i)
    if (!std::getline(lines, line)) return "";
  return line;
}

std::string second_line(const std::string& start) {
  return fmt::format("started {} on {}", start, place());
}

}  // namespace

std::string mark_process() {
  return fmt::format("process {} of {}\n{}\n", ::getpid(), host_name(),
                     second_line(start_of(::getpid())));
}

std::string holder_named(const std::string& mark) {
  const std::string line = line_of(mark, 0);
  return line.empty() ? "another process" : line;
}

ProcessState process_state(const std::string& mark) {
  const std::string first = line_of(mark, 0), second = line_of(mark, 1);
  const std::string before = "process ", after = " of " + host_name();
  pid_t process = 0;
  const char* const end = first.data() + first.size();
  if (first.rfind(before, 0) != 0) return ProcessState::kUnknown;
  const auto [rest, error] = std::from_chars(first.data() + before.size(), end, process);
  if (error != std::errc() || process <= 0 || std::string(rest, end) != after)
    return ProcessState::kUnknown;
  const std::string here = " on " + place();
  if (second.size() < here.size() ||
      second.compare(second.size() - here.size(), here.size(), here) != 0)
    return ProcessState::kUnknown;
  if (::kill(process, 0) != 0 && errno == ESRCH) return ProcessState::kGone;
  const std::string start = start_of(process);
  if (start.empty()) return ProcessState::kUnknown;
  return second == second_line(start) ? ProcessState::kAlive : ProcessState::kGone;
}

std::string read_mark(int file) {
  std::array<char, 512> text{};
  const ssize_t length = ::pread(file, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<size_t>(length)) : "";
}

}  // namespace medpfl
