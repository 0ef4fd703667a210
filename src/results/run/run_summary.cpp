#include "results/run/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

#include "attacks/observation.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "h5/file.hpp"
#include "metrics/leak_summary.hpp"
#include "metrics/verdict.hpp"
#include "results/folder/run_holder.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/network_state.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/schema.hpp"

namespace medpfl {

h5::File open_run(const std::string& path) {
  const std::string file = std::filesystem::is_directory(path)
                               ? (std::filesystem::path(path) / "run.h5").string()
                               : path;
  h5::File run = h5::File::open(file);
  std::string type;
  try {
    type = run.read_text_attribute("/", "filetype");
  } catch (const FormatError&) {
    throw FormatError(fmt::format("{}: an HDF5 file, but not a MedPFL run", file));
  }
  if (type != kFileType)
    throw FormatError(fmt::format("{}: filetype is '{}', not '{}'", file, type, kFileType));
  const std::vector<int64_t> version = run.read_integer_attribute("/", "schema_version");
  if (version.size() != 2 || version[0] != kSchemaMajor)
    throw FormatError(
        fmt::format("{}: schema version {} is not supported, this program reads {}.x; use the "
                    "MedPFL that wrote it ({})",
                    file, version.empty() ? -1 : version[0], kSchemaMajor,
                    run.read_text_attribute("/", "medpfl_version")));
  return run;
}

namespace {

std::string training(const h5::File& run) {
  const auto round = run.read<int64_t>("/rounds/round");
  const auto loss = run.read<double>("/rounds/train_loss");
  const auto accuracy = run.read<double>("/rounds/accuracy");
  const auto balanced = run.read<double>("/rounds/balanced_accuracy");
  const auto auroc = run.read<double>("/rounds/auroc");
  std::string out = fmt::format("{:>6} {:>12} {:>9} {:>9} {:>7}\n", "round", "train loss",
                                "accuracy", "balanced", "AUROC");
  // At most ten lines: evenly spread, the last round always.
  const size_t lines = std::min<size_t>(10, round.size());
  for (size_t line = 0; line < lines; ++line) {
    const size_t i = lines == 1 ? round.size() - 1 : line * (round.size() - 1) / (lines - 1);
    out += fmt::format("{:>6} {:>12.4f} {:>9.3f} {:>9.3f} {:>7.3f}\n", round[i], loss[i],
                       accuracy[i], balanced[i], auroc[i]);
  }
  if (run.exists("/rounds/one_class") && run.read<int64_t>("/rounds/one_class").back() == 1)
    out += fmt::format(
        "accuracy {:.2f} while AUROC is {:.2f}: the network ranks the classes well, but decides as "
        "if there were one (balanced accuracy {:.2f})\n",
        accuracy.back(), auroc.back(), balanced.back());
  if (!run.exists("/rounds/arrived")) return out;
  const auto sum = [&](const char* name) {
    const auto column = run.read<int64_t>(name);
    return std::accumulate(column.begin(), column.end(), 0.0);  // of a damaged file it may be any
  };
  const double sent = sum("/rounds/participants"), arrived = sum("/rounds/arrived");
  if (arrived < sent) out += fmt::format("{:.0f} of {:.0f} updates arrived\n", arrived, sent);
  return out;
}

// What the chain as a whole did to the updates, and to their size.
std::string defense_line(const h5::File& run) {
  const std::string group = "/rounds/defenses";
  const auto place = run.read<int64_t>(group + "/defense");
  const auto chain = run.read_texts_attribute(group, "chain");
  const auto of = [&](const char* name, size_t defense) {
    const auto column = run.read<double>(group + "/" + name);
    std::vector<double> values;
    for (size_t i = 0; i < place.size(); ++i)
      if (place[i] == static_cast<int64_t>(defense)) values.push_back(column[i]);
    return median(values);
  };
  const size_t last = std::max<size_t>(chain.size(), 1) - 1;
  return fmt::format(
      "defenses {}: update norm {:.4g} -> {:.4g}, {:.1f}% zeros, {:.2f} bits an entry, {:.0f} "
      "bytes "
      "(medians)\n",
      join(chain, "; "), of("norm_before", 0), of("norm_after", last), 100 * of("sparsity", last),
      of("bits", last), of("bytes", last));
}

// Of messages, each attacked by several methods and from several starts.
std::string vanished(const h5::File& run) {
  if (!run.exists("/attacks/tasks/vanished")) return "";
  const auto flag = run.read<int64_t>("/attacks/tasks/vanished");
  const auto round = run.read<int64_t>("/attacks/tasks/round");
  const auto client = run.read<int64_t>("/attacks/tasks/client");
  const auto probe = run.read<int64_t>("/attacks/tasks/probe");
  std::set<std::tuple<int64_t, int64_t, int64_t>> all, gone;
  for (size_t t = 0; t < flag.size(); ++t) {
    all.emplace(round[t], client[t], probe[t]);
    if (flag[t] == 1) gone.emplace(round[t], client[t], probe[t]);
  }
  if (gone.empty()) return "";
  return fmt::format(
      "{} of {} attacked messages have vanished gradients (L2 norm below {:g}): the network is "
      "sure of those images, and little of them is left to read\n",
      gone.size(), all.size(), kVanishedNorm);
}

}  // namespace

std::vector<std::string> not_tested(const h5::File& run) {
  if (!run.exists("/attacks") || !run.has_attribute("/attacks", "not_tested")) return {};
  return run.read_texts_attribute("/attacks", "not_tested");
}

std::optional<RunState> find_run(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(folder) / "run.h5", error))
    return std::nullopt;
  const h5::File run = open_run(folder);
  return RunState{run.read_text_attribute("/", "status"), run.read_text("/config/resolved")};
}

std::string summarize_run(const std::string& path) {
  // Before the file is read: one that ends meanwhile is complete.
  const std::filesystem::path given(path);
  const RunHolder holder =
      find_holder((std::filesystem::is_directory(given) ? given : given.parent_path()).string());
  const h5::File run = open_run(path);
  const std::string status = run.read_text_attribute("/", "status");
  const auto hosts = run.read<std::string>("/environment/host");
  const auto memory = run.read<int64_t>("/environment/peak_memory");
  std::string out = fmt::format(
      "MedPFL run, status {}, written by {} ({}) on {}\n"
      "data {} ({} training images, {} classes), model {} ({} parameters), {} hospitals, {} ranks, "
      "at "
      "most {} MB a rank\n",
      status, run.read_text_attribute("/", "medpfl_version"),
      run.read_text_attribute("/", "git_sha"), run.read_text_attribute("/", "created_utc"),
      run.read_text_attribute("/data", "dataset"), run.shape("/clients/labels")[0],
      run.shape("/clients/class_histogram")[1], run.read_text_attribute("/model", "name"),
      run.read_integer_attribute("/model", "parameters")[0], run.shape("/clients/examples")[0],
      hosts.size(), memory.empty() ? 0 : *std::max_element(memory.begin(), memory.end()) >> 20);
  if (status == "running") out += describe_holder(holder);
  if (run.shape("/rounds/round")[0] > 0) out += "\nTraining\n" + training(run) + privacy_lines(run);
  if (run.exists("/rounds/defenses") && run.shape("/rounds/defenses/round")[0] > 0)
    out += defense_line(run);
  if (run.exists("/attacks/tasks")) {
    const auto threat = run.read<std::string>("/attacks/tasks/threat");
    out += threat.front() == "malicious-server"
               ? "\nWhat leaked to a malicious server, which changed the model it sent\n"
               : "\nWhat leaked\n";
    out += leak_table(run) + vanished(run) + network_lines(run);
    for (const std::string& line : not_tested(run)) out += "not tested: " + line + "\n";
  } else {
    out += fmt::format("\nverdict: {}; no attack was run\n", word_of(Finding::kNotTested));
  }
  if (run.exists("/gradients/values")) {
    const auto shape = run.shape("/gradients/values");
    out += fmt::format("\n{} gradients of {} values recorded\n", shape[0], shape[1]);
  }
  return out;
}

}  // namespace medpfl
