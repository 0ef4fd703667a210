#include "attacks/matching_attack.hpp"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "attacks/initializer.hpp"
#include "attacks/labels.hpp"
#include "attacks/matching_engine.hpp"
#include "attacks/matching_settings.hpp"
#include "attacks/priors.hpp"
#include "attacks/variables.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kTracePoints = 100;

// The attacker's whole objective: the distance of gradients, and the weighted priors.
class Target {
 public:
  Target(const MatchingSettings& settings, MatchingEngine* engine, Candidate knowledge)
      : weights_(settings.prior_weights), engine_(engine), knowledge_(std::move(knowledge)) {}

  double evaluate(const Variables& variables, const float* x, float* out) {
    const Candidate candidate = variables.candidate(x, knowledge_);
    double value = engine_->evaluate(candidate, &gradient_);
    const at::Tensor& images = candidate.images;
    const ImageView view{images.data_ptr<float>(), images.size(0), images.size(1), images.size(2),
                         images.size(3)};
    for (size_t i = 0; i < weights_.size(); ++i)
      if (weights_[i] > 0)
        value += weights_[i] *
                 priors()[i].evaluate(view, weights_[i], gradient_.images.data_ptr<float>());
    variables.collect(gradient_, out);
    return value;
  }

 private:
  const std::vector<double>& weights_;
  MatchingEngine* engine_;
  Candidate knowledge_;
  CandidateGradient gradient_;
};

class MatchingAttack final : public Attack {
 public:
  MatchingAttack(MatchingSettings settings, std::vector<int64_t> snapshots)
      : settings_(std::move(settings)), snapshots_(std::move(snapshots)) {}

  std::string label_rule() const override { return settings_.labels; }

  std::string single_image_option() const override {
    if (settings_.output_error == "observed") return "output_error=observed";
    return settings_.labels == "idlg" ? "labels=idlg" : "";
  }

  bool uses_public_mean() const override { return settings_.init == "surrogate"; }

  void check(const Model& model) const override {
    check_label_rule(settings_.labels, model);
    make_objective(settings_.objective, FlatParameters(model.layout()));
  }

  std::optional<Reconstruction> run(const Model& model, const Observation& observation,
                                    const StreamKey& start, const std::string& state,
                                    const AttackMonitor& monitor) const override {
    const auto begin = std::chrono::steady_clock::now();
    Reconstruction result;
    result.labels = infer_labels(settings_.labels, model, observation);
    const bool joint = result.labels.empty();
    Variables x(model.input(), observation.batch, settings_.grey,
                joint ? observation.batch * model.classes() : 0);

    Candidate knowledge;
    if (!joint) knowledge.labels = at::tensor(result.labels, at::kLong);
    if (settings_.output_error == "observed")
      knowledge.output_error = observed_error(model, observation);
    const std::unique_ptr<Objective> objective =
        make_objective(settings_.objective, observation.gradient);
    const std::unique_ptr<MatchingEngine> engine =
        make_exact_engine(model, observation, *objective);
    Target target(settings_, engine.get(), std::move(knowledge));
    // The attacker keeps the best point it ever saw, by its own objective.
    std::vector<float> best;
    double best_value = std::numeric_limits<double>::infinity();
    int64_t iteration = 0, gained = 0;
    const Optimizer::Function function = [&](const float* at, float* out) {
      const double value = target.evaluate(x, at, out);
      if (value < best_value) {
        best_value = value;
        gained = iteration;
        std::copy_n(at, x.size(), best.begin());
      }
      return value;
    };

    StreamKey noise = start;
    noise.purpose = Purpose::kAttackNoise;
    const std::unique_ptr<Optimizer> optimizer = make_optimizer(settings_, noise, x.size());
    double seconds_before = 0;
    if (state.empty()) {
      initialize(start, observation, &x);
      best = x.values();
      result.status = "finished";
      keep_snapshot(0, x, best, &result);
    } else {
      ByteReader in(state);
      result = unpack_reconstruction(&in);
      seconds_before = result.seconds;
      best_value = in.value<double>();
      gained = in.value<int64_t>();
      best = in.array<float>();
      in.array_into(x.data(), x.size());
      optimizer->restore(&in);
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
      out.value(gained);
      out.array(best);
      out.array(x.data(), x.size());
      optimizer->save(&out);
      return out.take();
    };
    const int64_t stride =
        std::max<int64_t>(1, (settings_.iterations + kTracePoints - 1) / kTracePoints);
    for (iteration = result.iterations + 1; iteration <= settings_.iterations; ++iteration) {
      const Optimizer::Status status = optimizer->step(function, x.data());
      result.iterations = iteration;
      if (iteration % stride == 0 || iteration == 1) {
        result.trace_iterations.push_back(iteration);
        result.trace.push_back(optimizer->value());
      }
      keep_snapshot(iteration, x, best, &result);
      if (settings_.patience > 0 && iteration - gained >= settings_.patience)
        result.status = "stalled";
      if (status == Optimizer::Status::kNotFinite) result.status = "diverged";
      if (status == Optimizer::Status::kStalled) result.status = "stalled";
      if (best_value < settings_.stop_loss) result.status = "converged";
      if (result.status != "finished" || iteration == settings_.iterations) break;
      if (constrain(iteration, &x)) optimizer->moved();
      if (!monitor({iteration, optimizer->value(), save})) return std::nullopt;
    }
    result.images = x.images(best);
    if (joint) result.labels = likeliest_labels(x, best);
    result.matching_loss = best_value;
    result.evaluations = optimizer->evaluations();
    result.seconds = seconds();
    return result;
  }

 private:
  void initialize(const StreamKey& start, const Observation& observation, Variables* x) const {
    RandomStream random(start);
    const at::Tensor images =
        initial_images(settings_.init, x->varied_shape(), observation.public_mean, &random);
    std::copy_n(images.data_ptr<float>(), x->pixels(), x->data());
    for (int64_t i = x->pixels(); i < x->size(); ++i)
      x->data()[i] = static_cast<float>(random.normal());
  }

  // Projection and filter, after an iteration. Whether anything moved.
  bool constrain(int64_t iteration, Variables* x) const {
    bool moved = false;
    if (settings_.median_every > 0 && iteration % settings_.median_every == 0) {
      const std::vector<int64_t> shape = x->varied_shape();
      median_filter(x->data(), shape[0] * shape[1], shape[2], shape[3]);
      moved = true;
    }
    if (!settings_.box) return moved;
    for (int64_t i = 0; i < x->pixels(); ++i) {
      const float inside = std::clamp(x->data()[i], 0.0F, 1.0F);
      moved = moved || inside != x->data()[i];
      x->data()[i] = inside;
    }
    return moved;
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

  MatchingSettings settings_;
  std::vector<int64_t> snapshots_;
};

}  // namespace

RegistryEntry<AttackFactory> matching_preset(
    std::string name, std::string summary, std::string paper,
    const std::vector<std::pair<std::string, std::string>>& parts) {
  std::vector<OptionSpec> options = matching_options();
  for (const auto& [part, value] : parts) {
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const OptionSpec& o) { return o.name == part; });
    if (option == options.end() || violation(*option, value))
      throw Error(ExitCode::kInternal,
                  fmt::format("preset {}: {}={} is no part of an attack", name, part, value));
    option->default_value = value;
  }
  const auto create = [](const OptionValues& own, const AttackRequest& request) {
    return std::make_unique<MatchingAttack>(read_matching_settings(own, request),
                                            request.snapshots);
  };
  return {std::move(name), std::move(summary), std::move(paper), std::move(options), create};
}

}  // namespace medpfl
