#include "config/setting_checks.hpp"

#include <fmt/format.h>

#include <cctype>

#include "core/text.hpp"
#include "federation/placement.hpp"
#include "federation/secure_aggregation.hpp"

namespace medpfl {
namespace {

// Returns the names of the data sets that can do something.
std::string datasets_with(bool DatasetFactory::*ability) {
  std::vector<std::string> names;
  for (const std::string& name : datasets().names())
    if (datasets().find(name).create.*ability) names.push_back(name);
  return join(names);
}

void check_public_path(const Settings& s, Violations* wrong) {
  if (s.data.public_path.empty()) return;
  wrong->check(s.federated_data.public_share == 0,
               "data.public sets test images aside as public ones, and data.public_path names "
               "others: give one of them");
  wrong->check(
      datasets().find(s.dataset_name).create.reads_public,
      fmt::format("data.public_path is read by {}, not by data.dataset={}: use data.public",
                  datasets_with(&DatasetFactory::reads_public), s.dataset_name));
}

void check_test_images(const Settings& s, Violations* wrong) {
  if (s.data.test_split == TestSplit::kTest) return;
  wrong->check(s.federated_data.holdout == 0,
               "data.holdout takes the test images from the training images, and data.test_split "
               "from another split: give one of them");
  wrong->check(datasets().find(s.dataset_name).create.has_validation,
               fmt::format("data.test_split={} is of data sets with such a split ({}), not of "
                           "data.dataset={}: use data.holdout",
                           word_of(s.data.test_split),
                           datasets_with(&DatasetFactory::has_validation), s.dataset_name));
}

// A shell leaves these as they are in a file, between quotes and behind "=".
void check_expanded(const std::string& option, const std::string& path, Violations* wrong) {
  bool variable = false;
  for (size_t at = path.find('$'); at != std::string::npos; at = path.find('$', at + 1)) {
    const char next = at + 1 < path.size() ? path[at + 1] : ' ';
    variable |= next == '{' || next == '_' || std::isalpha(static_cast<unsigned char>(next)) != 0;
  }
  wrong->check(!variable && path.rfind('~', 0) != 0,
               fmt::format("{}={}: {} is not expanded here: write the whole path", option, path,
                           variable ? "a variable" : "~"));
}

void check_paths(const Settings& s, Violations* wrong) {
  check_expanded("run.output", s.output, wrong);
  check_expanded("data.path", s.data.path, wrong);
  check_expanded("data.public_path", s.data.public_path, wrong);
  check_expanded("model.weights", s.weights_file, wrong);
  wrong->check(!s.output.empty(), "run.output must name a folder");
  wrong->check(s.data.channels != 2, "data.channels must be 1 (gray) or 3 (RGB)");
  wrong->check(
      !datasets().find(s.dataset_name).create.needs_path || !s.data.path.empty(),
      fmt::format("data.path must name the file or folder of data.dataset={}", s.dataset_name));
  check_public_path(s, wrong);
  check_test_images(s, wrong);
  wrong->check(!s.new_head || !s.weights_file.empty(),
               "model.new_head=true needs a file in model.weights");
  wrong->check(s.weights_round < 0 || !s.weights_file.empty(),
               "model.weights_round is of a run in model.weights, and that is empty");
}

void check_sums(const Settings& s, Violations* wrong) {
  wrong->check(
      !s.attack.sums || (s.written.probes == 0 && s.written.attacked_clients == "all"),
      "attack.sees=sum shows the attacker the sum of all updates and nothing else: it needs "
      "attack.probes=0 and attack.clients=all");
}

// Under secure aggregation only a hospital itself has its update: nothing may need a single one.
void check_secure_aggregation(const Settings& s, Violations* wrong) {
  if (!s.federation.secure_aggregation) return;
  const int64_t participants = participants_of(s.federation.clients, s.federation.sampling);
  wrong->check(participants >= 2,
               "federation.secure_aggregation hides an update among others, and one hospital alone "
               "takes part in a round: raise federation.clients or federation.sampling");
  wrong->check(participants <= SecureAggregation::kMostParticipants,
               fmt::format("federation.secure_aggregation has keys and masks for each pair of "
                           "hospitals, of at most {} in a round, not {}: lower federation.sampling",
                           SecureAggregation::kMostParticipants, participants));
  wrong->check(s.federation.sum == SumKind::kExact,
               fmt::format("federation.secure_aggregation adds integers, and federation.sum={} has "
                           "none: use federation.sum=exact",
                           word_of(s.federation.sum)));
  wrong->check(s.attack.methods.empty() || s.attack.sums,
               "with secure aggregation the server sees only the sum: set attack.sees=sum");
  wrong->check(s.capture.gradients == CapturedMessages::kNone,
               fmt::format("with secure aggregation the server has no single updates that "
                           "output.gradients={} could record: set output.gradients=none",
                           word_of(s.capture.gradients)));
}

// The server is malicious only where the user names that threat.
void check_threat(const Settings& s, Violations* wrong) {
  const bool malicious = s.attack.threat == Threat::kMaliciousServer;
  wrong->check(malicious == (s.imprint_bins > 0),
               malicious
                   ? "attack.threat=malicious-server changes the model that the server sends: "
                     "say how, by model.imprint_bins=128"
                   : fmt::format("model.imprint_bins={} is the block of a server that changes "
                                 "the model it sends: it needs attack.threat=malicious-server",
                                 s.imprint_bins));
  if (!malicious || s.imprint_bins == 0) return;
  wrong->check(s.imprint_groups <= s.imprint_bins,
               fmt::format("model.imprint_groups={} must not be above model.imprint_bins={}",
                           s.imprint_groups, s.imprint_bins));
  wrong->check(s.federation.sends_gradients ||
                   (s.federation.batch_size == 0 && s.federation.local_epochs == 1),
               "model.imprint_bins holds for one local step, after which the block is another: use "
               "federation.algorithm=fedsgd, or federation.batch_size=0 and local_epochs=1");
}

}  // namespace

void check_settings(const Settings& settings, Violations* wrong) {
  check_paths(settings, wrong);
  check_sums(settings, wrong);
  check_secure_aggregation(settings, wrong);
  check_threat(settings, wrong);
}

}  // namespace medpfl
