#include "results/resume/checkpoint.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <vector>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "h5/file.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/run_folder.hpp"
#include "results/resume/client_state_file.hpp"
#include "results/run/schema.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Of what is beside the states, whose objects have versions of their own. Before 8 the states were
// bytes without names.
constexpr int64_t kCheckpointVersion = 8;
constexpr const char* kNewest = "checkpoint.h5";
constexpr const char* kPrevious = "checkpoint.previous.h5";
constexpr const char* kKept = "checkpoint.kept.h5";  // while a new one takes its place

// Texts count as the file has them.
int64_t checksum(const Checkpoint& c) {
  uLong sum = crc32_z(0, nullptr, 0);
  const auto add = [&sum](const std::string& part) {
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
  };
  for (const std::string* text : {&c.config, &c.inputs, &c.build, &c.client_states})
    add(escaped(*text));
  for (const std::string* bytes : {&c.shared, &c.server}) add(*bytes);
  return static_cast<int64_t>(sum);
}

void write_bytes(h5::File* file, const std::string& path, const std::string& bytes,
                 const std::string& text) {
  file->write(path, reinterpret_cast<const uint8_t*>(bytes.data()),
              {static_cast<int64_t>(bytes.size())}, {text, "1", {"byte"}});
}

std::string read_bytes(const h5::File& file, const std::string& path) {
  const auto bytes = file.read<uint8_t>(path);
  return std::string(bytes.begin(), bytes.end());
}

Checkpoint read(const std::string& path) {
  const h5::File file = h5::File::open(path);
  if (file.read_text_attribute("/", "filetype") != kCheckpointType)
    throw FormatError(fmt::format("{}: not a MedPFL checkpoint", path));
  const int64_t version = file.read_integer_attribute("/", "checkpoint_version").at(0);
  Checkpoint c;
  c.build = file.read_text_attribute("/", "build");
  if (version != kCheckpointVersion)
    throw FormatError(
        fmt::format("{}: checkpoint version {}, this program reads {}; resume with "
                    "the program that wrote it ({})",
                    path, version, kCheckpointVersion, c.build));
  c.next_round = file.read_integer_attribute("/", "next_round").at(0);
  c.finished_tasks = file.read_integer_attribute("/", "finished_tasks").at(0);
  c.client_states = file.read_text_attribute("/", "client_states");
  c.config = file.read_text("/config");
  c.inputs = file.read_text("/inputs");
  c.shared = read_bytes(file, "/state/shared");
  c.server = read_bytes(file, "/state/server");
  if (file.read_integer_attribute("/", "checksum").at(0) != checksum(c))
    throw FormatError(fmt::format("{}: the checksum does not fit: the file is damaged", path));
  if (!c.client_states.empty())
    check_client_states((fs::path(path).parent_path() / c.client_states).string());
  return c;
}

}  // namespace

void write_checkpoint(const std::string& folder, const Checkpoint& c) {
  const std::string path = folder + "/" + kNewest;
  const std::string partial = path + ".partial";
  try {
    h5::File file = h5::File::create(partial);
    file.write_attribute("/", "filetype", kCheckpointType);
    file.write_attribute("/", "checkpoint_version", kCheckpointVersion);
    file.write_attribute("/", "build", c.build);
    file.write_attribute("/", "next_round", c.next_round);
    file.write_attribute("/", "finished_tasks", c.finished_tasks);
    file.write_attribute("/", "client_states", c.client_states);
    file.write_attribute("/", "checksum", checksum(c));
    file.write_text("/config", c.config, {"the whole configuration as INI", "1", {}});
    file.write_text("/inputs", c.inputs, {"digests of what the run is computed from", "1", {}});
    write_bytes(&file, "/state/shared", c.shared, "state every rank needs");
    write_bytes(&file, "/state/server", c.server, "state of rank 0");
    file.close();
  } catch (const FormatError& error) {
    std::remove(partial.c_str());
    throw OutputError(fmt::format("cannot write {}: {}", path, error.what()));
  }
  // The last two are whole at every moment, under their own names.
  const std::string kept = folder + "/" + kKept, previous = folder + "/" + kPrevious;
  const bool linked = link_file(path, kept);
  std::error_code error;
  if (!linked && fs::exists(path, error)) rename_file(path, previous);
  publish_file(partial, path);
  if (linked) rename_file(kept, previous);
}

std::optional<Checkpoint> read_checkpoint(const std::string& folder) {
  std::vector<std::string> failures;
  for (const char* name : {kNewest, kPrevious}) {
    const std::string path = folder + "/" + name;
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    try {
      Checkpoint checkpoint = read(path);
      for (const std::string& failure : failures)
        log_warning(fmt::format("{}; the checkpoint before it is used", failure));
      return checkpoint;
    } catch (const FormatError& failure) {
      failures.emplace_back(failure.what());
    }
  }
  if (failures.empty()) return std::nullopt;
  throw FormatError(fmt::format(
      "no checkpoint can be used: {}; start the run anew with --overwrite", join(failures, "; ")));
}

void verify_checkpoint(const std::string& path) { read(path); }

void remove_checkpoints(const std::string& folder) {
  for (const char* name : {kNewest, kPrevious, kKept}) {
    std::error_code error;
    fs::remove(fs::path(folder) / name, error);
  }
  remove_subfolder(folder, "states");
}

}  // namespace medpfl
