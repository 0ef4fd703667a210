#include "data/validation.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace medpfl {

const Words<Validation>& words_of(Validation) {
  static const Words<Validation> words = {
      {Validation::kIgnore, "ignore"}, {Validation::kTrain, "train"}, {Validation::kTest, "test"}};
  return words;
}

const Words<TestSplit>& words_of(TestSplit) {
  static const Words<TestSplit> words = {{TestSplit::kTest, "test"}, {TestSplit::kVal, "val"}};
  return words;
}

void check_validation(Validation validation, const DataRequest& request) {
  if (request.test_split == TestSplit::kVal && validation != Validation::kIgnore)
    throw ConfigError(
        fmt::format("data.test_split=val makes the validation split the test images, and val={} "
                    "lets it join another: leave val=ignore",
                    word_of(validation)));
}

}  // namespace medpfl
