#include "metrics/classification.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

struct Case {
  const char* name;
  int64_t n, classes, present;
  double loss, accuracy, balanced_accuracy, auroc, f1;
};

// The logits and labels of reference_numbers.py, which printed these numbers.
const Case kCases[] = {
    {"two", 41, 2, 2, 0.947599192886, 0.512195121951, 0.492063492063, 0.560846560847,
     0.487500000000},
    {"three", 60, 3, 3, 1.122984416690, 0.466666666667, 0.466666666667, 0.685833333333,
     0.443427945891},
    {"four", 83, 4, 4, 1.587564774810, 0.289156626506, 0.297949735450, 0.581062762720,
     0.280494280494},
    {"four, one missing", 50, 4, 3, 1.351965600987, 0.400000000000, 0.403186274510, 0.701491013072,
     0.332212688722},
};

TEST(Classification, AgreesWithScikitLearn) {
  for (const Case& c : kCases) {
    std::vector<float> logits;
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < c.n; ++i) {
      labels.push_back((i * 7 + i / 3) % c.present);
      for (int64_t k = 0; k < c.classes; ++k) {
        const double base = static_cast<double>((i % 19 * 13 + k * 29 + i % 19 * k * k) % 17);
        const bool raised = k == labels.back() && i % 2 == 1;
        logits.push_back(static_cast<float>(base / 4 - 2 + (raised ? 0.75 : 0)));
      }
    }
    const Utility utility = evaluate_utility(logits, labels, c.classes);
    EXPECT_NEAR(utility.loss, c.loss, 1e-9) << c.name;
    EXPECT_NEAR(utility.accuracy, c.accuracy, 1e-9) << c.name;
    EXPECT_NEAR(utility.balanced_accuracy, c.balanced_accuracy, 1e-9) << c.name;
    EXPECT_NEAR(utility.auroc, c.auroc, 1e-9) << c.name;
    EXPECT_NEAR(utility.f1, c.f1, 1e-9) << c.name;
  }
}

TEST(Classification, HandChecked) {
  // Scores of class 1: 1, 1, 3, 0; positives are examples 1 and 2. Pairs: (1,0) tied, (1,3) right,
  // (2,0) right, (2,3) right: 3.5 of 4.
  const Utility utility = evaluate_utility({0, 1, 0, 1, 0, 3, 0, 0}, {0, 1, 1, 0}, 2);
  EXPECT_DOUBLE_EQ(utility.auroc, 3.5 / 4);
  // Guesses 1, 1, 1, 0: the tie of the last goes to the lowest class.
  EXPECT_DOUBLE_EQ(utility.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(utility.balanced_accuracy, 0.75);
  EXPECT_DOUBLE_EQ(utility.f1, (2.0 / 3 + 4.0 / 5) / 2);
}

TEST(Classification, EqualScoresAreWorthOneHalf) {
  const Utility utility = evaluate_utility({2, 2, 2, 2, 2, 2}, {0, 1, 1}, 2);
  EXPECT_DOUBLE_EQ(utility.auroc, 0.5);
  EXPECT_NEAR(utility.loss, std::log(2.0), 1e-12);
}

TEST(Classification, OneClassPresentHasNoAuroc) {
  const Utility utility = evaluate_utility({3, 0, 0, 3}, {0, 0}, 2);
  EXPECT_TRUE(std::isnan(utility.auroc));
  EXPECT_DOUBLE_EQ(utility.balanced_accuracy, 0.5);
  EXPECT_DOUBLE_EQ(utility.f1, (2.0 / 3 + 0) / 2);
  EXPECT_TRUE(std::isnan(evaluate_utility({3, 1}, {0, 0}, 1).auroc));
}

TEST(Classification, CertainModelsNeitherOverflowNorTie) {
  // As probabilities all of these round to 1, yet they are in order.
  const Utility utility = evaluate_utility({0, 800, 0, 900, 0, 1000}, {0, 1, 1}, 2);
  EXPECT_DOUBLE_EQ(utility.auroc, 1);
  EXPECT_NEAR(utility.loss, 800.0 / 3, 1e-9);
}

TEST(Classification, RefusesWhatIsWrong) {
  const float infinity = std::numeric_limits<float>::infinity();
  try {
    evaluate_utility({0, 1, infinity, 1}, {0, 1}, 2);
    FAIL() << "no error";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("logit 0 of example 1 is inf"), std::string::npos)
        << error.what();
  }
  try {
    evaluate_utility({0, 1, 0, 1}, {0, 2}, 2);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("label 2 of example 1"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(evaluate_utility({0, 1, 2}, {0, 1}, 2), Error);
  EXPECT_THROW(evaluate_utility({}, {}, 2), Error);
}

TEST(Classification, TellsGoodRanksFromDecisionsForOneClass) {
  // Every image gets class 0, those of class 1 by a smaller margin: all pairs are in order.
  const std::vector<int64_t> labels = {0, 0, 0, 1, 1};
  const std::vector<float> one = {5, 0, 6, 0, 7, 0, 1, 0, 2, 0};
  const Utility shifted = evaluate_utility(one, labels, 2);
  EXPECT_EQ(shifted.auroc, 1);
  EXPECT_EQ(shifted.balanced_accuracy, 0.5);
  EXPECT_TRUE(decides_as_one_class(shifted, 2));

  const std::vector<float> right = {5, 0, 6, 0, 7, 0, 0, 1, 0, 2};
  EXPECT_FALSE(decides_as_one_class(evaluate_utility(right, labels, 2), 2));
  // One class named, and no better ranks: nothing was learned, and accuracy says so.
  const std::vector<float> same = {5, 0, 5, 0, 5, 0, 5, 0, 5, 0};
  EXPECT_FALSE(decides_as_one_class(evaluate_utility(same, labels, 2), 2));
}

TEST(Classification, AnEvaluationThatIsNoNumberTellsNothing) {
  Utility none;
  none.auroc = none.balanced_accuracy = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(decides_as_one_class(none, 2));
}

}  // namespace
}  // namespace medpfl
