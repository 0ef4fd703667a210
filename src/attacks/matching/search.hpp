#pragma once
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/attack.hpp"
#include "attacks/distances/gradient_distance.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/matching_settings.hpp"
#include "attacks/matching/matching_target.hpp"
#include "attacks/matching/variables.hpp"
#include "attacks/optimizers/optimizer.hpp"

namespace medpfl {

/// The search of one attack for one observation from one start.
class Search {
 public:
  Search(const MatchingSettings& settings, const std::vector<int64_t>& snapshots,
         const Model& model, const Observation& observation);
  /// Begins at a first point, drawn from `start` and projected.
  void begin(const StreamKey& start);
  /// Restores, after begin(), the state that a monitor saved in an earlier run from the same start.
  /// Throws FormatError where the state is of another attack or another program.
  void restore(const std::string& state);
  /// Searches to the end, or until the monitor ends it. Returns false where the monitor abandoned
  /// it.
  bool run(const AttackMonitor& monitor);
  /// Returns the best point seen inside the bounds, by the attacker's own objective; without box
  /// the better of the best point seen and its start, both projected onto [0, 1]. To be called
  /// once, at the end.
  Reconstruction result();

 private:
  Candidate knowledge(const Model& model, const Observation& observation) const;
  void make_optimizer(StreamKey start);
  // Returns the noise of the network's bottleneck for one evaluation.
  at::Tensor draw_noise();
  // Chooses between the best point and the start, or takes the best point as it is.
  void settle();
  // Moves one candidate into [0, 1] and returns its objective and its distance of gradients;
  // infinity where the objective is not finite.
  std::pair<double, double> judge_inside(std::vector<float>* x, const at::Tensor& noise);
  // Returns the objective summed over the group and writes its gradient. Notes the best member seen
  // so far, by its own objective, of those inside the box.
  double evaluate(const float* at, float* out);
  // Makes one iteration. Returns false after the last one.
  bool iterate();
  // Filters and projects the images after an iteration. Returns whether anything moved.
  bool constrain();
  // Moves the variables to where points may be. Returns whether anything moved.
  bool project();
  void keep_snapshot(int64_t iteration);
  at::Tensor best_images() const;  // decoded
  bool consistent() const { return s_.group > 1 && s_.group_consistency > 0; }
  int64_t evaluations() const;  // of candidates
  double seconds() const;
  std::string save();
  void keep(Archive& a);
  void note_terms();

  const MatchingSettings& s_;
  const std::vector<int64_t>& snapshots_;
  const at::Tensor public_mean_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const std::vector<int64_t> labels_;  // empty: optimized with the images
  std::vector<Variables> members_;     // of the group
  const int64_t size_, pixels_;        // variables of a member, pixels of its images
  std::vector<float> x_, start_;       // [group, size]
  std::unique_ptr<GradientDistance> objective_;
  const double stop_loss_;  // 0: none
  std::unique_ptr<MatchingEngine> engine_;
  MatchingTarget target_;
  std::unique_ptr<Optimizer> optimizer_;
  Reconstruction result_;
  std::vector<std::pair<double, std::vector<double>>> seen_;  // objective and terms, this iteration
  std::vector<double> terms_;  // that the optimizer's value is the sum of
  std::vector<float> best_;    // one candidate
  double best_value_ = std::numeric_limits<double>::infinity();
  double best_matching_ = std::numeric_limits<double>::infinity();  // at the best point
  int64_t best_member_ = 0;
  int64_t gained_ = 0;  // iteration of the best point
  double seconds_before_ = 0;
  const Bottleneck drawn_;  // the network's, where its noise is drawn
  const int64_t batch_;
  StreamKey noise_key_;
  uint64_t draws_ = 0;
};

}  // namespace medpfl
