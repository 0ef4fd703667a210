#include "attacks/search.hpp"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "attacks/initializer.hpp"
#include "attacks/labels.hpp"
#include "attacks/priors.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kTracePoints = 100;

}  // namespace

Search::Search(const MatchingSettings& settings, const std::vector<int64_t>& snapshots,
               const Model& model, const Observation& observation)
    : s_(settings),
      snapshots_(snapshots),
      labels_(infer_labels(s_.labels, model, observation)),
      x_(model.input(), observation.batch, s_.grey,
         labels_.empty() ? observation.batch * model.classes() : 0,
         s_.update == "sme" ? s_.surrogate_rate : 0),
      objective_(make_objective(s_.objective, observation.gradient)),
      engine_(make_update_engine(s_.update, s_.engine, model, observation, *objective_)),
      target_(s_, engine_.get(), knowledge(model, observation)) {
  result_.labels = labels_;
  result_.status = "finished";
}

void Search::begin(const StreamKey& start, const Observation& observation) {
  make_optimizer(start);
  RandomStream random(start);
  const at::Tensor images =
      initial_images(s_.init, x_.varied_shape(), observation.public_mean, &random);
  std::copy_n(images.data_ptr<float>(), x_.pixels(), x_.data());
  for (int64_t i = x_.pixels(); i < x_.size(); ++i)
    x_.data()[i] = static_cast<float>(random.normal());
  x_.place_surrogate(0.5);
  best_ = x_.values();
  keep_snapshot(0);
}

void Search::restore(const StreamKey& start, const std::string& state) {
  make_optimizer(start);
  ByteReader in(state);
  result_ = unpack_reconstruction(&in);
  seconds_before_ = result_.seconds;
  best_value_ = in.value<double>();
  gained_ = in.value<int64_t>();
  best_ = in.array<float>();
  in.array_into(x_.data(), x_.size());
  optimizer_->restore(&in);
}

bool Search::run(const AttackMonitor& monitor) {
  while (iterate()) {
    if (constrain()) optimizer_->moved();
    const AttackOrder order = monitor({result_.iterations, optimizer_->evaluations(),
                                       optimizer_->value(), seconds(), [this] { return save(); }});
    if (order == AttackOrder::kAbandon) return false;
    if (order == AttackOrder::kEnd) return true;
  }
  return true;
}

Reconstruction Search::result() {
  result_.images = x_.images(best_);
  if (labels_.empty()) {
    const at::Tensor likeliest = x_.candidate(best_.data()).label_logits.argmax(1).contiguous();
    result_.labels.assign(likeliest.data_ptr<int64_t>(),
                          likeliest.data_ptr<int64_t>() + likeliest.numel());
  }
  result_.matching_loss = best_value_;
  result_.evaluations = optimizer_->evaluations();
  result_.seconds = seconds();
  return std::move(result_);
}

Candidate Search::knowledge(const Model& model, const Observation& observation) const {
  Candidate out;
  if (!labels_.empty()) out.labels = at::tensor(labels_, at::kLong);
  if (s_.output_error == "observed") {
    // The gradient of the head's bias is softmax minus label, for one image.
    if (observation.batch != 1)
      throw ConfigError(
          fmt::format("output_error=observed holds for one image, but the message of "
                      "hospital {} in round {} comes from {}",
                      observation.client, observation.round, observation.batch));
    out.output_error =
        observation.gradient.view(model.head().bias).view({1, model.classes()}).clone();
  }
  return out;
}

void Search::make_optimizer(StreamKey start) {
  start.purpose = Purpose::kAttackNoise;
  optimizer_ = medpfl::make_optimizer(s_, start, x_.size());
}

// The attacker keeps the best point it ever saw, by its own objective.
double Search::evaluate(const float* at, float* out) {
  const double value = target_.evaluate(x_, at, out);
  if (value < best_value_) {
    best_value_ = value;
    gained_ = result_.iterations;
    std::copy_n(at, x_.size(), best_.begin());
  }
  return value;
}

// False: that was the last one.
bool Search::iterate() {
  const int64_t iteration = ++result_.iterations;
  const Optimizer::Status status = optimizer_->step(
      [this](const float* at, float* out) { return evaluate(at, out); }, x_.data());
  const int64_t stride = std::max<int64_t>(1, (s_.iterations + kTracePoints - 1) / kTracePoints);
  if (iteration % stride == 0 || iteration == 1) {
    result_.trace_iterations.push_back(iteration);
    result_.trace.push_back(optimizer_->value());
  }
  keep_snapshot(iteration);
  if (s_.patience > 0 && iteration - gained_ >= s_.patience) result_.status = "stalled";
  if (status == Optimizer::Status::kNotFinite) result_.status = "diverged";
  if (status == Optimizer::Status::kStalled) result_.status = "stalled";
  if (best_value_ < s_.stop_loss) result_.status = "converged";
  return result_.status == "finished" && iteration < s_.iterations;
}

// Projection and filter, after an iteration. Whether anything moved.
bool Search::constrain() {
  bool moved = x_.bound_surrogate();
  if (s_.median_every > 0 && result_.iterations % s_.median_every == 0) {
    const std::vector<int64_t> shape = x_.varied_shape();
    median_filter(x_.data(), shape[0] * shape[1], shape[2], shape[3]);
    moved = true;
  }
  if (!s_.box) return moved;
  for (int64_t i = 0; i < x_.pixels(); ++i) {
    const float inside = std::clamp(x_.data()[i], 0.0F, 1.0F);
    moved = moved || inside != x_.data()[i];
    x_.data()[i] = inside;
  }
  return moved;
}

void Search::keep_snapshot(int64_t iteration) {
  if (!std::binary_search(snapshots_.begin(), snapshots_.end(), iteration)) return;
  result_.snapshot_iterations.push_back(iteration);
  result_.snapshots.push_back(x_.images(best_));
}

double Search::seconds() const {
  return seconds_before_ +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

std::string Search::save() {
  ByteWriter out;
  result_.seconds = seconds();
  pack(result_, &out);
  out.value(best_value_);
  out.value(gained_);
  out.array(best_);
  out.array(x_.data(), x_.size());
  optimizer_->save(&out);
  return out.take();
}

}  // namespace medpfl
