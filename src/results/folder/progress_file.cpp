#include "results/folder/progress_file.hpp"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Calls f("name", &member) for each member.
template <class P, class F>
void for_each(P* progress, F&& f) {
  f("work", &progress->work);
  f("done", &progress->done);
  f("total", &progress->total);
  f("seconds_left", &progress->seconds_left);
  f("detail", &progress->detail);
  f("rounds_done", &progress->rounds_done);
  f("rounds", &progress->rounds);
  f("training_loss", &progress->training_loss);
  f("balanced_accuracy", &progress->balanced_accuracy);
  f("updated", &progress->updated);
}

void parse(const std::string& text, std::string* value) { *value = text; }
void parse(const std::string& text, int64_t* value) { *value = std::stoll(text); }
void parse(const std::string& text, double* value) { *value = std::stod(text); }

}  // namespace

void write_progress(const std::string& folder, const RunProgress& progress) noexcept {
  try {
    const fs::path path = fs::path(folder) / kProgressFile, partial = path.string() + ".partial";
    {
      std::ofstream file(partial);
      for_each(&progress, [&](const char* name, const auto* value) {
        file << fmt::format("{}={}\n", name, *value);
      });
    }
    // Without fsync: it is written every second, and means nothing after a crash.
    std::error_code ignored;
    fs::rename(partial, path, ignored);
  } catch (const std::exception&) {
  }
}

void remove_progress(const std::string& folder) noexcept {
  std::error_code ignored;
  fs::remove(fs::path(folder) / kProgressFile, ignored);
}

std::optional<RunProgress> read_progress(const std::string& folder) {
  std::ifstream file(fs::path(folder) / kProgressFile);
  if (!file) return std::nullopt;
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(file, line);)
    if (const size_t at = line.find('='); at != std::string::npos)
      values[line.substr(0, at)] = line.substr(at + 1);
  RunProgress progress;
  try {
    for_each(&progress, [&](const char* name, auto* value) { parse(values.at(name), value); });
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return progress;
}

}  // namespace medpfl
