#include "attacks/attack_facts.hpp"

namespace medpfl {

const Words<UpdateRule>& words_of(UpdateRule) {
  static const Words<UpdateRule> words = {{UpdateRule::kGradient, "gradient"},
                                          {UpdateRule::kUnroll, "unroll"},
                                          {UpdateRule::kSme, "sme"}};
  return words;
}

const Words<StatisticsSource>& words_of(StatisticsSource) {
  static const Words<StatisticsSource> words = {{StatisticsSource::kRunning, "running"},
                                                {StatisticsSource::kUpdate, "update"}};
  return words;
}

}  // namespace medpfl
