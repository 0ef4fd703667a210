#include "campaign/knowledge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/matching/network_priors.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

const char* mark(bool guessed) { return guessed ? " (guessed)" : ""; }

std::string local_steps(const AttackFacts& facts, const Observation& observation) {
  const LocalGuess& guess = facts.guess;
  const int64_t steps = guess.steps > 0 ? guess.steps : observation.steps;
  std::string words = counted(steps, "local step") + mark(guess.steps > 0);
  if (facts.update != UpdateRule::kUnroll) return words;
  const int64_t images = guess.batch > 0 ? guess.batch : observation.local_batch;
  return words + fmt::format(" of {} images{}",
                             images > 0 ? std::min(images, observation.batch) : observation.batch,
                             mark(guess.batch > 0));
}

// What the attack brings along or assumes, each part with a semicolon behind it.
std::string brought_along(const AttackFacts& facts, bool lacks) {
  std::string words = facts.public_mean ? "mean public image; " : "";
  if (!facts.decoding.empty()) words += fmt::format("decoded by {}; ", facts.decoding);
  if (!facts.assumptions.empty()) words += fmt::format("assumes {}; ", facts.assumptions);
  if (lacks)
    words += "running batch statistics left out: training never touched them; ";
  else if (facts.batch_statistics == StatisticsSource::kUpdate)
    words += "the update's batch statistics; ";
  else if (facts.batch_statistics == StatisticsSource::kRunning)
    words += "running batch statistics; ";
  return words;
}

}  // namespace

bool lacks_statistics(const AttackFacts& facts, const Model& model, const FlatParameters& weights) {
  return facts.batch_statistics == StatisticsSource::kRunning &&
         untouched_statistics(model, weights);
}

std::string what_was_known(const AttackFacts& facts, const Observation& observation,
                           const Model& model, const FlatParameters& weights,
                           const std::string& public_knowledge) {
  const bool unsure = misled_by_signs(facts.labels, model);
  const double rate = facts.guess.rate;
  return fmt::format("labels: {}{}; batch {}; {}; update: {}; learning rate {}; {}{}",
                     word_of(facts.labels), unsure ? " (unsure: features have both signs)" : "",
                     observation.batch, local_steps(facts, observation), word_of(facts.update),
                     rate > 0 ? fmt::format("{}{}", rate, mark(true)) : "known",
                     brought_along(facts, lacks_statistics(facts, model, weights)),
                     public_knowledge);
}

}  // namespace medpfl
