#include "attacks/matching_attack.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "attacks/initializer.hpp"
#include "attacks/labels.hpp"
#include "attacks/lbfgs.hpp"
#include "attacks/matching_engine.hpp"
#include "attacks/objective.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kTracePoints = 100;

struct Settings {
  std::string engine, labels, objective, output_error, init;
  int64_t iterations = 300;
  double stop_loss = 0;
  LbfgsOptions lbfgs;
};

// The optimizer's view: one flat vector of all images and, under the joint rule, label logits.
class Variables {
 public:
  Variables(std::vector<int64_t> images, int64_t label_logits)
      : image_shape_(std::move(images)), logits_(label_logits) {
    images_ = 1;
    for (const int64_t extent : image_shape_) images_ *= extent;
    values_.resize(static_cast<size_t>(images_ + logits_));
  }

  float* data() { return values_.data(); }
  int64_t size() const { return images_ + logits_; }
  std::vector<float>& values() { return values_; }
  const std::vector<int64_t>& image_shape() const { return image_shape_; }

  /// `knowledge` carries what is not varied: labels or the output error.
  Candidate candidate(const float* x, Candidate knowledge = {}) const {
    Candidate out = std::move(knowledge);
    float* data = const_cast<float*>(x);  // NOLINT: from_blob takes no const; engines only read
    out.images = at::from_blob(data, image_shape_, at::kFloat);
    if (logits_ > 0)
      out.label_logits =
          at::from_blob(data + images_, {image_shape_[0], logits_ / image_shape_[0]}, at::kFloat);
    return out;
  }

  void copy_gradient(const CandidateGradient& gradient, float* out) const {
    std::copy_n(gradient.images.data_ptr<float>(), images_, out);
    if (logits_ > 0) std::copy_n(gradient.label_logits.data_ptr<float>(), logits_, out + images_);
  }

  at::Tensor images(const std::vector<float>& from) const {
    return candidate(from.data()).images.clamp(0, 1).clone();
  }

 private:
  std::vector<int64_t> image_shape_;
  int64_t images_ = 0, logits_ = 0;
  std::vector<float> values_;
};

class MatchingAttack final : public Attack {
 public:
  explicit MatchingAttack(Settings settings, std::vector<int64_t> snapshots)
      : settings_(std::move(settings)), snapshots_(std::move(snapshots)) {}

  std::string label_rule() const override { return settings_.labels; }

  std::string single_image_option() const override {
    if (settings_.output_error == "observed") return "output_error=observed";
    return settings_.labels == "idlg" ? "labels=idlg" : "";
  }

  std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                    const StreamKey& start, const std::string& state,
                                    const AttackMonitor& monitor) const override {
    const auto begin = std::chrono::steady_clock::now();
    Reconstruction result;
    result.labels = infer_labels(settings_.labels, model, observation);
    const bool joint = result.labels.empty();
    const ImageShape& shape = model.input();
    Variables x({observation.batch, shape.channels, shape.height, shape.width},
                joint ? observation.batch * model.classes() : 0);

    Candidate knowledge;
    if (!joint) knowledge.labels = at::tensor(result.labels, at::kLong);
    if (settings_.output_error == "observed")
      knowledge.output_error = observed_error(model, observation);
    const std::unique_ptr<Objective> objective = make_objective(settings_.objective);
    const std::unique_ptr<MatchingEngine> engine =
        make_engine(settings_.engine, model, observation, *objective);
    // The attacker keeps the best point it ever saw, by its own objective.
    std::vector<float> best;
    double best_value = std::numeric_limits<double>::infinity();
    CandidateGradient gradient;
    const Lbfgs::Function function = [&](const float* at, float* out) {
      const double value = engine->evaluate(x.candidate(at, knowledge), &gradient);
      x.copy_gradient(gradient, out);
      if (value < best_value) {
        best_value = value;
        std::copy_n(at, x.size(), best.begin());
      }
      return value;
    };

    Lbfgs optimizer(settings_.lbfgs, x.size());
    double seconds_before = 0;
    if (state.empty()) {
      initialize(start, &x);
      best = x.values();
      result.status = "finished";
      keep_snapshot(0, x, best, &result);
    } else {
      ByteReader in(state);
      result = unpack_reconstruction(&in);
      seconds_before = result.seconds;
      best_value = in.value<double>();
      best = in.array<float>();
      in.array_into(x.data(), x.size());
      optimizer.restore(&in);
    }
    const auto seconds = [&] {
      return seconds_before +
             std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const auto save = [&] {
      ByteWriter out;
      result.seconds = seconds();
      pack(result, &out);
      out.value(best_value);
      out.array(best);
      out.array(x.data(), x.size());
      optimizer.save(&out);
      return out.take();
    };
    const int64_t stride =
        std::max<int64_t>(1, (settings_.iterations + kTracePoints - 1) / kTracePoints);
    for (int64_t i = result.iterations + 1; i <= settings_.iterations; ++i) {
      const Lbfgs::Status status = optimizer.step(function, x.data());
      result.iterations = i;
      if (i % stride == 0 || i == 1) {
        result.trace_iterations.push_back(i);
        result.trace.push_back(optimizer.value());
      }
      keep_snapshot(i, x, best, &result);
      if (status == Lbfgs::Status::kNotFinite) result.status = "diverged";
      if (status == Lbfgs::Status::kStalled) result.status = "stalled";
      if (best_value < settings_.stop_loss) result.status = "converged";
      if (result.status != "finished" || i == settings_.iterations) break;
      if (!monitor({i, optimizer.value(), save})) return std::nullopt;
    }
    result.images = x.images(best);
    if (joint) result.labels = likeliest_labels(x, best);
    result.matching_loss = best_value;
    result.evaluations = optimizer.evaluations();
    result.seconds = seconds();
    return result;
  }

 private:
  void initialize(const StreamKey& start, Variables* x) const {
    RandomStream random(start);
    const at::Tensor images = initial_images(settings_.init, x->image_shape(), &random);
    std::copy_n(images.data_ptr<float>(), images.numel(), x->data());
    for (int64_t i = images.numel(); i < x->size(); ++i)
      x->data()[i] = static_cast<float>(random.normal());
  }

  void keep_snapshot(int64_t iteration, const Variables& x, const std::vector<float>& values,
                     Reconstruction* result) const {
    if (!std::binary_search(snapshots_.begin(), snapshots_.end(), iteration)) return;
    result->snapshot_iterations.push_back(iteration);
    result->snapshots.push_back(x.images(values));
  }

  // The gradient of the head's bias is softmax minus label, for one image.
  static at::Tensor observed_error(const Model& model, const Observation& observation) {
    if (observation.batch != 1)
      throw ConfigError(
          fmt::format("output_error=observed holds for one image, but the message of "
                      "hospital {} in round {} comes from {}",
                      observation.client, observation.round, observation.batch));
    return observation.gradient.view(model.head().bias).view({1, model.classes()}).clone();
  }

  static std::vector<int64_t> likeliest_labels(const Variables& x,
                                               const std::vector<float>& values) {
    const at::Tensor labels = x.candidate(values.data()).label_logits.argmax(1).contiguous();
    return {labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel()};
  }

  Settings settings_;
  std::vector<int64_t> snapshots_;
};

}  // namespace

RegistryEntry<AttackFactory> matching_preset(std::string name, std::string summary,
                                             std::string paper, const MatchingParts& parts) {
  std::vector<OptionSpec> options = {
      choice_option("labels", parts.labels, label_rule_names(), "how labels are found"),
      choice_option("objective", parts.objective, objective_names(), "distance of gradients"),
      choice_option(
          "output_error", parts.output_error, {"softmax", "observed"},
          "error at the logits of a candidate: its own, or that seen in the gradient of the "
          "last bias (one image)"),
      choice_option("init", parts.init, initializer_names(), "first images"),
      choice_option("line_search", parts.line_search, {"none", "strong-wolfe"},
                    "of L-BFGS; none: full steps"),
      integer_option("iterations", parts.iterations, "outer iterations").at_least(1),
      integer_option("inner", 20, "L-BFGS steps of an outer iteration").at_least(1),
      integer_option("history", 100, "curvature pairs kept").at_least(1),
      real_option("learning_rate", 1, "length of a full step").above(0),
      real_option("stop_loss", parts.stop_loss, "stop below this objective; 0: never").at_least(0),
  };
  const auto create = [](const OptionValues& own, const AttackRequest& request) {
    Settings settings;
    settings.engine = request.engine;
    settings.labels = request.labels == "auto" ? own.text("labels") : request.labels;
    settings.objective = own.text("objective");
    settings.output_error = own.text("output_error");
    // Under the observed error the objective does not depend on labels, so they are read instead.
    if (settings.output_error == "observed" && settings.labels == "joint") settings.labels = "idlg";
    settings.init = own.text("init");
    settings.iterations = request.iterations > 0 ? request.iterations : own.integer("iterations");
    settings.stop_loss = own.real("stop_loss");
    settings.lbfgs.strong_wolfe = own.text("line_search") == "strong-wolfe";
    settings.lbfgs.inner = own.integer("inner");
    settings.lbfgs.history = own.integer("history");
    settings.lbfgs.learning_rate = own.real("learning_rate");
    return std::make_unique<MatchingAttack>(std::move(settings), request.snapshots);
  };
  return {std::move(name), std::move(summary), std::move(paper), std::move(options), create};
}

}  // namespace medpfl
