#include "data/validation.hpp"

namespace medpfl {

const Words<Validation>& words_of(Validation) {
  static const Words<Validation> words = {
      {Validation::kIgnore, "ignore"}, {Validation::kTrain, "train"}, {Validation::kTest, "test"}};
  return words;
}

}  // namespace medpfl
