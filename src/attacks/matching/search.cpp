#include "attacks/matching/search.hpp"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <tuple>

#include "attacks/labels.hpp"
#include "attacks/matching/bottleneck_noise.hpp"
#include "attacks/matching/decode.hpp"
#include "attacks/matching/generator.hpp"
#include "attacks/matching/priors.hpp"
#include "attacks/matching/terms.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kTracePoints = 100;

int64_t count_of(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<Variables> variables_of(const MatchingSettings& s, const Model& model,
                                    const Observation& observation, bool soft_labels) {
  const std::vector<int64_t> shape =
      varied_shape(model.input(), observation.batch, s.grey, observation.public_mean);
  std::vector<Variables> members;
  for (int64_t i = 0; i < s.group; ++i)
    members.emplace_back(s.generator ? make_generator(shape, s.generator_width, model.device())
                                     : make_pixels(shape, s.init, observation.public_mean),
                         shape, model.input().channels,
                         soft_labels ? observation.batch * model.classes() : 0,
                         s.update == UpdateRule::kSme ? s.surrogate_rate : 0);
  return members;
}

// 0, which nothing meets, where a candidate with a gradient of zero would meet the option: such a
// candidate tells nothing of the image.
double usable_stop_loss(const MatchingSettings& s, const GradientDistance& objective,
                        int64_t size) {
  const std::vector<float> zero(static_cast<size_t>(size));
  std::vector<float> derivative(zero.size());
  const double of_zero = s.objective_scale * objective.evaluate(zero.data(), derivative.data());
  return of_zero < s.stop_loss ? 0 : s.stop_loss;
}

bool inside_box(const float* x, int64_t n) {
  return std::all_of(x, x + n, [](float v) { return v >= 0 && v <= 1; });
}

}  // namespace

Search::Search(const MatchingSettings& settings, const std::vector<int64_t>& snapshots,
               const Model& model, const Observation& observation)
    : s_(settings),
      snapshots_(snapshots),
      public_mean_(observation.public_mean),
      labels_(infer_labels(s_.labels, model, observation)),
      members_(variables_of(s_, model, observation, labels_.empty())),
      size_(members_.front().size()),
      pixels_(count_of(members_.front().varied_shape())),
      x_(static_cast<size_t>(s_.group * size_)),
      objective_(make_gradient_distance(s_.objective, observation.gradient)),
      stop_loss_(usable_stop_loss(s_, *objective_, observation.gradient.size())),
      engine_(make_update_engine(s_.update, s_.engine, model, observation, *objective_)),
      target_(make_terms(s_, model, observation, labels_), engine_.get(), s_.objective_scale,
              s_.gradient_penalty, knowledge(model, observation)),
      drawn_(s_.bottleneck == BottleneckNoise::kSample ? model.bottleneck() : Bottleneck{}),
      batch_(observation.batch) {
  result_.labels = labels_;
  result_.status = "finished";
  result_.terms = target_.names();
  if (consistent()) result_.terms.emplace_back("group_consistency");
  terms_.assign(result_.terms.size(), std::numeric_limits<double>::quiet_NaN());
}

void Search::begin(const StreamKey& start) {
  make_optimizer(start);
  noise_key_ = start;
  noise_key_.purpose = Purpose::kAttackBottleneck;
  RandomStream random(start);
  for (int64_t member = 0; member < s_.group; ++member)
    members_[static_cast<size_t>(member)].begin(&random, x_.data() + member * size_);
  project();
  start_ = x_;
  best_.assign(x_.begin(), x_.begin() + size_);
  keep_snapshot(0);
}

void Search::restore(const std::string& state) {
  const ArchiveOrigin origin = {"the checkpoint of an attack that was under way",
                                "resume with the program that wrote it, or begin anew with "
                                "--overwrite"};
  Archive::read(state, origin, [this](Archive& a) { keep(a); });
  seconds_before_ = result_.seconds;
}

bool Search::run(const AttackMonitor& monitor) {
  while (iterate()) {
    if (constrain()) optimizer_->moved();
    const AttackOrder order = monitor({result_.iterations, evaluations(), optimizer_->value(),
                                       seconds(), [this] { return save(); }});
    if (order == AttackOrder::kAbandon) return false;
    if (order == AttackOrder::kEnd) return true;
  }
  return true;
}

Reconstruction Search::result() {
  settle();
  const Variables& winner = members_[static_cast<size_t>(best_member_)];
  result_.images = best_images();
  if (labels_.empty()) {
    const at::Tensor likeliest = winner.candidate(best_.data()).label_logits.argmax(1).contiguous();
    result_.labels.assign(likeliest.data_ptr<int64_t>(),
                          likeliest.data_ptr<int64_t>() + likeliest.numel());
  }
  result_.objective = best_value_;
  result_.matching_loss = best_matching_;
  result_.evaluations = evaluations();
  result_.seconds = seconds();
  return std::move(result_);
}

Candidate Search::knowledge(const Model& model, const Observation& observation) const {
  Candidate out;
  // On the model's device, so that no evaluation takes them there.
  if (!labels_.empty()) out.labels = at::tensor(labels_, at::kLong).to(model.device());
  if (s_.bottleneck == BottleneckNoise::kObserved)
    out.noise = observed_noise(model, observation).to(model.device());
  if (s_.observed_error) {
    // The gradient of the head's bias is softmax minus label, for one image.
    if (observation.batch != 1)
      throw ConfigError(
          fmt::format("output_error=observed holds for one image, but the message of "
                      "hospital {} in round {} comes from {}",
                      observation.client, observation.round, observation.batch));
    out.output_error = observation.gradient.view(model.head().bias)
                           .view({1, model.classes()})
                           .clone()
                           .to(model.device());
  }
  return out;
}

void Search::make_optimizer(StreamKey start) {
  start.purpose = Purpose::kAttackNoise;
  optimizer_ = medpfl::make_optimizer(s_, start, s_.group * size_);
}

at::Tensor Search::draw_noise() {
  return bottleneck_noise(drawn_, batch_, substream(noise_key_, draws_++));
}

// What comes back are images in [0, 1]. Where the search leaves them, its best point is judged
// there, and so is the start that it came from: an attacker keeps the better one.
void Search::settle() {
  const auto first = start_.begin() + best_member_ * size_;
  std::vector<float> start(first, first + size_);
  if (!s_.box && !s_.generator) {
    const at::Tensor noise = draw_noise();
    std::tie(best_value_, best_matching_) = judge_inside(&best_, noise);
    if (const auto [value, matching] = judge_inside(&start, noise); value < best_value_) {
      best_value_ = value;
      best_matching_ = matching;
      best_ = start;
    }
  }
  const bool ended_alone =
      result_.status == "finished" || result_.status == "stalled" || result_.status == "patience";
  if (ended_alone && optimizer_->evaluations() > 1 && best_ == start) result_.status = "unimproved";
}

// Objective and distance of one candidate, which is moved there. Infinity: not finite.
std::pair<double, double> Search::judge_inside(std::vector<float>* x, const at::Tensor& noise) {
  for (int64_t i = 0; i < pixels_; ++i) {
    float& pixel = (*x)[static_cast<size_t>(i)];
    pixel = std::clamp(pixel, 0.0F, 1.0F);
  }
  std::vector<float> unused(static_cast<size_t>(size_));
  const double value = target_.evaluate(members_[static_cast<size_t>(best_member_)], x->data(),
                                        unused.data(), noise);
  constexpr double kNever = std::numeric_limits<double>::infinity();
  return std::isfinite(value) ? std::pair{value, target_.matching()} : std::pair{kNever, kNever};
}

// The sum over the group. The attacker keeps the best member it ever saw, by its own objective, of
// those that the box holds: a line search looks outside too.
double Search::evaluate(const float* at, float* out) {
  double sum = 0;
  std::vector<double> terms(result_.terms.size());
  for (int64_t member = 0; member < s_.group; ++member) {
    const float* x = at + member * size_;
    const double value = target_.evaluate(members_[static_cast<size_t>(member)], x,
                                          out + member * size_, draw_noise());
    sum += value;
    for (size_t i = 0; i < target_.values().size(); ++i) terms[i] += target_.values()[i];
    if (value < best_value_ && (!s_.box || inside_box(x, pixels_))) {
      best_value_ = value;
      best_matching_ = target_.matching();
      best_member_ = member;
      gained_ = result_.iterations;
      std::copy_n(x, size_, best_.begin());
    }
  }
  if (consistent()) {
    terms.back() = s_.group_consistency *
                   group_consistency(at, s_.group, size_, pixels_, s_.group_consistency, out);
    sum += terms.back();
  }
  seen_.emplace_back(sum, std::move(terms));
  return sum;
}

// False: that was the last one.
bool Search::iterate() {
  const int64_t iteration = ++result_.iterations;
  const Optimizer::Status status = optimizer_->step(
      [this](const float* at, float* out) { return evaluate(at, out); }, x_.data());
  note_terms();
  const int64_t stride = std::max<int64_t>(1, (s_.iterations + kTracePoints - 1) / kTracePoints);
  if (iteration % stride == 0 || iteration == 1) {
    result_.trace_iterations.push_back(iteration);
    result_.trace.push_back(optimizer_->value());
    result_.trace_terms.insert(result_.trace_terms.end(), terms_.begin(), terms_.end());
  }
  keep_snapshot(iteration);
  if (s_.patience > 0 && iteration - gained_ >= s_.patience) result_.status = "patience";
  if (status == Optimizer::Status::kNotFinite) result_.status = "diverged";
  if (status == Optimizer::Status::kFlat) result_.status = "flat";
  if (status == Optimizer::Status::kStalled) result_.status = "stalled";
  if (best_value_ < stop_loss_) result_.status = "below-stop-loss";
  return result_.status == "finished" && iteration < s_.iterations;
}

// The optimizer's value is that of the point it accepted last: not always the last one evaluated,
// and of an earlier iteration where this one led nowhere.
void Search::note_terms() {
  const double value = optimizer_->value();
  const auto accepted = std::find_if(seen_.rbegin(), seen_.rend(), [value](const auto& one) {
    return one.first == value || (std::isnan(one.first) && std::isnan(value));
  });
  if (accepted != seen_.rend()) terms_ = accepted->second;
  seen_.clear();
}

// Filter and projection, after an iteration. Whether anything moved.
bool Search::constrain() {
  const std::vector<int64_t>& shape = members_.front().varied_shape();
  const bool filter = s_.median_every > 0 && result_.iterations % s_.median_every == 0;
  for (int64_t member = 0; filter && member < s_.group; ++member)
    median_filter(x_.data() + member * size_, shape[0] * shape[1], shape[2], shape[3]);
  return project() || filter;
}

// To where points may lie: pixels into the box, the surrogate onto its way. Whether anything moved.
bool Search::project() {
  bool moved = false;
  for (int64_t member = 0; member < s_.group; ++member) {
    float* x = x_.data() + member * size_;
    moved = members_[static_cast<size_t>(member)].bound_surrogate(x) || moved;
    for (int64_t i = 0; s_.box && i < pixels_; ++i) {
      const float inside = std::clamp(x[i], 0.0F, 1.0F);
      moved = moved || inside != x[i];
      x[i] = inside;
    }
  }
  return moved;
}

void Search::keep_snapshot(int64_t iteration) {
  if (!std::binary_search(snapshots_.begin(), snapshots_.end(), iteration)) return;
  result_.snapshot_iterations.push_back(iteration);
  result_.snapshots.push_back(best_images());
}

at::Tensor Search::best_images() const {
  return decode(s_.decoding, members_[static_cast<size_t>(best_member_)].images(best_.data()),
                public_mean_);
}

int64_t Search::evaluations() const {
  return s_.group * target_.cost() * optimizer_->evaluations();
}

double Search::seconds() const {
  return seconds_before_ +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

std::string Search::save() {
  result_.seconds = seconds();
  return Archive::write([this](Archive& a) { keep(a); });
}

void Search::keep(Archive& a) {
  a.version(1);
  a("result", &result_);
  a("best_value", &best_value_);
  a("best_matching", &best_matching_);
  a("best_member", &best_member_);
  a("gained", &gained_);
  a("terms", &terms_);
  a.fixed("best", best_.data(), size_);
  a.fixed("x", x_.data(), static_cast<int64_t>(x_.size()));
  a("draws", &draws_);
  a("optimizer", optimizer_.get());
}

}  // namespace medpfl
