#include "results/folder/room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

int64_t bytes_in(const std::string& folder) {
  std::error_code error;
  int64_t sum = 0;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) sum += static_cast<int64_t>(size);
  }
  return sum;
}

}  // namespace

void check_room(const std::string& folder, const RoomNeeds& needs) {
  std::error_code error;
  fs::path existing = fs::absolute(folder);
  while (!fs::exists(existing, error) && existing.has_relative_path())
    existing = existing.parent_path();
  const fs::space_info space = fs::space(existing, error);
  if (error || space.capacity == 0) {
    log_warning(
        fmt::format("the file system of {} does not tell its room: whether the run's files "
                    "fit was not checked",
                    existing.string()));
    return;
  }
  const auto available = static_cast<int64_t>(
      std::min<uintmax_t>(space.available, static_cast<uintmax_t>(INT64_MAX / 2)));
  const int64_t room = available + bytes_in(folder);
  int64_t needed = 0;
  std::string parts;
  for (const auto& [name, bytes] : needs) {
    needed += bytes;
    if (bytes > 0)
      parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", name, megabytes(bytes));
  }
  if (needed <= room) return;
  throw OutputError(fmt::format(
      "run.output={}: the run's files take up to {} ({}), and {} has room for {}; record less "
      "(output.gradients=attacked, output.rounds, output.clients, output.layers, "
      "output.precision=float16, output.weights=false), attack fewer messages (attack.rounds, "
      "attack.clients, attack.probes; attack.when=each-round keeps fewer at once), or choose "
      "another folder",
      folder, megabytes(needed), parts, existing.string(), megabytes(room)));
}

}  // namespace medpfl
