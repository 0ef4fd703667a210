#include "results/run/recorded_run.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "campaign/attackers_view.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "results/run/pixel_record.hpp"
#include "results/run/recorded_layout.hpp"
#include "results/run/run_summary.hpp"

namespace medpfl {
namespace {

// Undefined where the file is of a schema before 1.5.
at::Tensor read_public_images(const h5::File& run, const PixelFormat& format) {
  if (!run.exists(kPublicImages)) return {};
  at::Tensor images = at::empty(run.shape(kPublicImages), format.type());
  with_pixel_type(format, [&](auto zero) {
    using Pixel = decltype(zero);
    const auto pixels = run.read<Pixel>(kPublicImages);
    std::copy(pixels.begin(), pixels.end(), images.data_ptr<Pixel>());
  });
  return images;
}

FederatedData read_data(const h5::File& run, const std::string& path) {
  FederatedData data;
  data.class_names = run.read_texts_attribute("/data", "class_names");
  data.pixels = read_pixel_format(run);
  data.train_labels = run.read<int64_t>("/clients/labels");
  data.shard_sizes = run.read<int64_t>("/clients/examples");
  data.assignment = run.read<int64_t>("/clients/assignment");
  const auto unknown =
      std::find_if(data.assignment.begin(), data.assignment.end(),
                   [&](int64_t id) { return id < 0 || id >= data.client_count(); });
  if (unknown != data.assignment.end() || data.assignment.size() != data.train_labels.size())
    throw FormatError(fmt::format(
        "{}: /clients/assignment does not give each of the {} images one of the {} hospitals; the "
        "file is damaged",
        path, data.train_labels.size(), data.client_count()));
  const auto public_mean = run.read<float>("/data/prior");
  data.public_mean = at::empty(run.shape("/data/prior"), at::kFloat);
  std::copy(public_mean.begin(), public_mean.end(), data.public_mean.data_ptr<float>());
  data.public_images = read_public_images(run, data.pixels);
  return data;
}

}  // namespace

RecordedRun::RecordedRun(const std::string& path)
    : run_(open_run(path)), where_(run_.path()), gradients_(run_), data_(read_data(run_, where_)) {
  if (!run_.exists("/gradients/batches"))
    throw FormatError(fmt::format(
        "{}: the run is not complete (status {}), so the images behind its gradients are not "
        "recorded yet; go on with it by medpfl simulate --resume",
        where_, run_.read_text_attribute("/", "status")));
  images_.emplace(run_, "/gradients/batches/images", "/gradients/batches/checksum");
  start_ = run_.read<int64_t>("/gradients/batches/start");
  image_ = run_.read<int64_t>("/gradients/batches/image");
  labels_ = run_.read<int64_t>("/gradients/batches/labels");
  index_ = run_.read<int64_t>("/gradients/batches/index");
}

std::map<int64_t, std::string> RecordedRun::networks() const {
  std::map<int64_t, std::string> out;
  if (!run_.exists("/rounds/network")) return out;
  const auto round = run_.read<int64_t>("/rounds/round");
  const auto network = run_.read<std::string>("/rounds/network");
  for (size_t r = 0; r < round.size(); ++r) out[round[r] + 1] = network[r];
  return out;
}

InputDigests RecordedRun::inputs() const {
  const auto recorded = [this](const char* object, const char* name) {
    return run_.has_attribute(object, name) ? run_.read_text_attribute(object, name) : "";
  };
  Digest read = read_;
  const at::Tensor& public_mean = data_.public_mean;
  read.add(public_mean.data_ptr<float>(), static_cast<size_t>(public_mean.numel()) * sizeof(float));
  if (const at::Tensor& images = data_.public_images; images.defined())
    read.add(images.data_ptr(), images.nbytes());
  InputDigests inputs;
  inputs.train_images = recorded("/data", "train_images_digest");
  inputs.train_labels = recorded("/data", "train_labels_digest");
  inputs.test_images = recorded("/data", "test_images_digest");
  inputs.test_labels = recorded("/data", "test_labels_digest");
  inputs.weights = recorded("/model", "weights_digest");
  inputs.source = read.text();
  return inputs;
}

FlatParameters RecordedRun::read_weights(int64_t round) {
  if (!weights_ && !run_.exists("/rounds/weights"))
    throw FormatError(fmt::format(
        "{}: holds no weights, which an attack needs; record the run with --output.weights=true",
        where_));
  if (!weights_) weights_.emplace(run_, "/rounds/weights");
  const auto values = weights_->read<float>(round);
  read_.add(values);
  return recorded_parameters(gradients_.layout(), values, where_);
}

at::Tensor RecordedRun::read_images(const std::vector<int64_t>& rows) {
  h5::Shape shape = images_->shape();
  shape[0] = static_cast<int64_t>(rows.size());
  at::Tensor images = at::empty(shape, data_.pixels.type());
  with_pixel_type(data_.pixels, [&](auto zero) {
    using Pixel = decltype(zero);
    Pixel* out = images.data_ptr<Pixel>();
    for (const int64_t row : rows) {
      const auto pixels = images_->read<Pixel>(row);
      out = std::copy(pixels.begin(), pixels.end(), out);
      read_.add(pixels);
    }
  });
  return images;
}

void RecordedRun::read_candidates(int64_t client, AttackCases* cases) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < index_.size(); ++i)
    if (static_cast<int64_t>(rows.size()) < AttackCases::kMaxCandidates &&
        data_.assignment.at(static_cast<size_t>(index_[i])) == client)
      rows.push_back(static_cast<int64_t>(i));
  cases->set_shard_images(client, read_images(rows));
}

// Returns the rows of the selected messages in the order in which they are attacked.
std::vector<int64_t> RecordedRun::select_rows(const AttackTargets& targets) const {
  const GradientRows& rows = gradients_.rows();
  std::vector<int64_t> selected;
  MessageKinds found = {false, false};
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto r = static_cast<size_t>(row);
    if (!targets.kinds.contains(rows.probe[r]) || rows.probe[r] >= targets.probes ||
        !targets.rounds.contains(rows.round[r]) || !targets.clients.contains(rows.client[r]))
      continue;
    selected.push_back(row);
    (rows.probe[r] < 0 ? found.updates : found.probes) = true;
  }
  const auto check = [&](bool asked, bool any, const char* kind) {
    if (!asked || any) return;
    const std::string lack = fmt::format(
        "{}: none of its {} recorded messages is {} of attack.rounds and attack.clients; see "
        "medpfl inspect, and attack.probes",
        where_, rows.size(), kind);
    if (selected.empty()) throw ConfigError(lack);
    log_warning(lack);
  };
  check(targets.kinds.updates, found.updates, "an update");
  check(targets.kinds.probes, found.probes, "a probe");
  std::stable_sort(selected.begin(), selected.end(), [&](int64_t a, int64_t b) {
    const auto key = [&](int64_t row) {
      const auto r = static_cast<size_t>(row);
      return std::pair(rows.round[r], rows.probe[r] >= 0);
    };
    return key(a) < key(b);
  });
  return selected;
}

std::vector<int64_t> RecordedRun::probes_of(const AttackTargets& targets) const {
  std::vector<int64_t> probes;
  for (const int64_t row : select_rows(targets))
    probes.push_back(gradients_.rows().probe[static_cast<size_t>(row)]);
  return probes;
}

void RecordedRun::read_cases(const AttackTargets& targets, int64_t local_batch,
                             AttackCases* cases) {
  const GradientRows& rows = gradients_.rows();
  const LocalTraining training = {gradients_.payload_is_gradient(),
                                  run_.read_real_attribute("/gradients", "learning_rate"),
                                  local_batch};
  std::set<int64_t> rounds, clients;
  for (const int64_t row : select_rows(targets)) {
    const auto r = static_cast<size_t>(row);
    AttackCase one;
    one.observation = observe({rows.round[r], rows.client[r], rows.probe[r], rows.examples[r],
                               rows.steps[r], gradients_.read(row)},
                              training);
    const Observation& o = one.observation;
    std::vector<int64_t> images;
    for (int64_t i = start_[r]; i < start_[r + 1]; ++i)
      images.push_back(image_[static_cast<size_t>(i)]);
    one.truth.images = read_images(images);
    for (const int64_t i : images) one.truth.labels.push_back(labels_.at(static_cast<size_t>(i)));
    read_.add(std::vector<int64_t>{o.round, o.client, o.probe, o.batch, o.steps});
    read_.add(o.gradient.data(), static_cast<size_t>(o.gradient.size()) * sizeof(float));
    read_.add(one.truth.labels);
    if (rounds.insert(o.round).second) cases->set_weights(o.round, read_weights(o.round));
    if (clients.insert(o.client).second) read_candidates(o.client, cases);
    cases->add(std::move(one));
  }
}

}  // namespace medpfl
