#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "attacks/engines/matching_engine.hpp"
#include "campaign/attackers_view.hpp"
#include "comm/exact_sum.hpp"
#include "federation/local_batches.hpp"
#include "federation/server_optimizer.hpp"
#include "models/differentiator.hpp"
#include "training_hospital.hpp"

namespace medpfl {
namespace {

class LocalTraining : public ClientTest {
 protected:
  LocalTraining() { settings_.server_learning_rate = 0.5; }
  void use(Model model) {
    model_ = std::move(model);
    global_ = initial_weights(model_, {InitKind::kPytorch, 0}, 1);
    work_ = FlatParameters(model_.layout());
  }
  // Of the first normalization after one batch, from their definition: momentum 0.1, unbiased
  // variance.
  at::Tensor statistics_after(const std::vector<int64_t>& positions) {
    const at::Tensor images = take_batch(client_, positions).images;
    const at::Tensor x = at::conv2d(images, global_.view(0), {}, 1, 1).transpose(0, 1).flatten(1);
    const int64_t n = x.size(1);
    const at::Tensor mean = x.mean(1);
    const at::Tensor variance =
        x.sub(mean.unsqueeze(1)).square().sum(1).div(static_cast<double>(n - 1));
    return at::cat({mean.mul(0.1), variance.mul(0.1).add(0.9)});
  }
  // Of the first normalization: mean [2], variance [2].
  at::Tensor first_statistics(const FlatParameters& weights) {
    return weights.buffer().slice(0, model_.layout().trainable(), model_.layout().trainable() + 4);
  }
  Message train(const Algorithm& algorithm) {
    Message m;
    m.payload = FlatParameters(model_.layout());
    algorithm.train(client_, global_, &work_, &m);
    return m;
  }
  void step(const Algorithm& algorithm, const FlatParameters& mean, FlatParameters* global) {
    make_server_optimizer(settings_, mean.size())
        ->step(mean, algorithm.change_per_update(), global);
  }
};

TEST_F(LocalTraining, FedAvgIsPlainSgd) {
  settings_.local_epochs = 2;
  const Message update = train(*make("fedavg"));
  EXPECT_EQ(update.steps, 6);
  EXPECT_EQ(update.examples, 10);
  FlatParameters weights = global_, gradient(model_.layout());
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    for (const auto& positions : shuffled_batches(client_, 4, 1, 0, epoch)) {
      batch_gradient(model_, client_, weights, positions, &gradient);
      for (int64_t i = 0; i < weights.size(); ++i) weights.data()[i] -= 0.2F * gradient.data()[i];
    }
  }
  weights.add(global_, -1);
  EXPECT_LT(distance(weights, update.payload), 1e-6);
}

// Keeps the gradient it is asked about.
class Listener final : public GradientDistance {
 public:
  explicit Listener(FlatParameters* heard) : heard_(heard) {}
  double evaluate(const float* dummy, float* derivative) const override {
    std::copy_n(dummy, heard_->layout().trainable(), heard_->data());
    std::fill_n(derivative, heard_->layout().trainable(), 1.0F);
    return 0;
  }

 private:
  FlatParameters* heard_;
};

// The attacker's simulation of local steps against the hospital's own, on the same images.
TEST_F(LocalTraining, AnUnrolledUpdateIsTheHospitalsOwn) {
  for (const bool batch_norm : {false, true}) {
    if (batch_norm) use(make_model("resnet20", NormMode::kTrain));
    for (const int64_t batch_size : {4, 0}) {
      SCOPED_TRACE(testing::Message() << batch_norm << ", batches of " << batch_size);
      settings_.batch_size = batch_size;
      // The order is drawn anew for every epoch, so of several only whole batches are comparable.
      settings_.local_epochs = batch_size == 0 ? 3 : 1;
      const Message update = train(*make("fedavg"));
      ASSERT_EQ(update.steps, 3);
      Observation seen = observe({0, 0, -1, update.examples, update.steps, update.payload},
                                 {false, settings_.learning_rate, batch_size});
      seen.weights = global_;
      const Batch batch = take_batch(client_, update.images);
      Candidate candidate;
      candidate.images = batch.images;
      candidate.labels = batch.labels;
      FlatParameters heard(model_.layout());
      const Listener listener(&heard);
      CandidateGradient gradient;
      make_unroll_engine(model_, seen, listener)->evaluate(candidate, &gradient);
      // Statistics are not simulated.
      const int64_t n = model_.layout().trainable();
      std::copy_n(seen.gradient.data() + n, model_.layout().size() - n, heard.data() + n);
      EXPECT_GT(heard.norm(), 1e-2);
      // The hospital's change is a difference of weights: one rounding of w is 1e-7 / (rate steps).
      EXPECT_LT(distance(heard, seen.gradient), 2e-6 * global_.norm());
    }
  }
}

TEST_F(LocalTraining, OneFullBatchMakesFedAvgAndFedSgdAgree) {
  settings_.batch_size = 0;
  FlatParameters averaged = global_, stepped = global_;
  const auto fedavg = make("fedavg"), fedsgd = make("fedsgd");
  step(*fedavg, train(*fedavg).payload, &averaged);
  step(*fedsgd, train(*fedsgd).payload, &stepped);
  EXPECT_GT(distance(stepped, global_), 1e-3);
  EXPECT_LT(distance(averaged, stepped), 1e-6);
}

TEST_F(LocalTraining, TheServerStepsByTheLearningRates) {
  FlatParameters mean = global_, added = global_, descended = global_;
  mean.fill(0.1F);
  step(*make("fedavg"), mean, &added);
  step(*make("fedsgd"), mean, &descended);
  for (const int64_t i : {int64_t{0}, global_.size() - 1}) {
    EXPECT_NEAR(added.data()[i] - global_.data()[i], 0.5 * 0.1, 1e-6);
    EXPECT_NEAR(descended.data()[i] - global_.data()[i], -0.2 * 0.5 * 0.1, 1e-6);
  }
}

TEST_F(LocalTraining, ExamplesAreTheImagesUsed) {
  const auto fedavg = make("fedavg"), fedsgd = make("fedsgd");
  EXPECT_EQ(fedavg->examples(10), 10);
  EXPECT_EQ(fedsgd->examples(10), 4);
  EXPECT_EQ(fedsgd->examples(3), 3);
  EXPECT_EQ(train(*fedsgd).examples, 4);
}

TEST_F(LocalTraining, ProbesHaveTheFormOfUpdates) {
  Message gradient, change;
  gradient.payload = change.payload = FlatParameters(model_.layout());
  make("fedsgd")->probe(client_, global_, {3, 5}, &gradient);
  make("fedavg")->probe(client_, global_, {3, 5}, &change);
  EXPECT_EQ(change.examples, 2);
  change.payload.multiply(-1 / settings_.learning_rate);
  EXPECT_LT(distance(change.payload, gradient.payload), 1e-6);
}

// What it is taken for decides how the server, records and attacks read a message.
TEST_F(LocalTraining, MessagesOfEveryAlgorithmAreWhatItsTableSays) {
  FlatParameters gradient(model_.layout());
  batch_gradient(model_, client_, global_, {3, 5}, &gradient);
  for (const auto& entry : algorithms().entries()) {
    const auto algorithm = make(entry.name);
    Message message;
    message.payload = FlatParameters(model_.layout());
    algorithm->probe(client_, global_, {3, 5}, &message);
    if (!entry.create.sends_gradients) message.payload.multiply(-1 / settings_.learning_rate);
    EXPECT_LT(distance(message.payload, gradient), 1e-6) << entry.name;
    EXPECT_EQ(algorithm->change_per_update() < 0, entry.create.sends_gradients) << entry.name;
  }
}

TEST_F(LocalTraining, BatchesHoldEachImageOnce) {
  std::vector<int64_t> seen;
  for (const auto& batch : shuffled_batches(client_, 4, 1, 0, 0))
    seen.insert(seen.end(), batch.begin(), batch.end());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, client_.positions);
  EXPECT_NE(shuffled_batches(client_, 4, 1, 0, 0), shuffled_batches(client_, 4, 1, 1, 0));
}

TEST_F(LocalTraining, RunningStatisticsFollowTheBatchInTrainMode) {
  use(make_model("resnet20", NormMode::kTrain));
  settings_.batch_size = 0;
  const auto fedavg = make("fedavg"), fedsgd = make("fedsgd");
  const Message change = train(*fedavg), gradient = train(*fedsgd);
  FlatParameters after = global_;
  after.add(change.payload, 1);
  const at::Tensor expected = statistics_after(change.images);
  EXPECT_LT(first_statistics(after).sub(expected).abs().max().item<float>(), 1e-5);
  EXPECT_GT(first_statistics(after).sub(first_statistics(global_)).abs().max().item<float>(), 0.01);
  // A gradient's entries of statistics are the change itself.
  EXPECT_LT(first_statistics(change.payload)
                .sub(first_statistics(gradient.payload))
                .abs()
                .max()
                .item<float>(),
            1e-6);
}

TEST_F(LocalTraining, StatisticsAccumulateOverLocalSteps) {
  use(make_model("resnet20", NormMode::kTrain));
  settings_.batch_size = 5;
  settings_.learning_rate = 1e-12;  // the weights stay, so the first layer's statistics are simple
  const Message update = train(*make("fedavg"));
  ASSERT_EQ(update.steps, 2);
  const std::vector<int64_t> first(update.images.begin(), update.images.begin() + 5);
  const std::vector<int64_t> second(update.images.begin() + 5, update.images.end());
  const at::Tensor start = first_statistics(global_);
  const at::Tensor one = statistics_after(first), two = statistics_after(second);
  // s2 = 0.9 s1 + 0.1 b2, and two = 0.9 start + 0.1 b2.
  const at::Tensor expected = one.mul(0.9).add(two).sub(start.mul(0.9));
  FlatParameters after = global_;
  after.add(update.payload, 1);
  EXPECT_LT(first_statistics(after).sub(expected).abs().max().item<float>(), 1e-5);
}

TEST_F(LocalTraining, EvalModeLeavesStatisticsAlone) {
  use(make_model("resnet20", NormMode::kEval));
  for (const std::string& name : algorithms().names()) {
    Message m;
    m.payload = FlatParameters(model_.layout());
    m.payload.fill(7);
    make(name)->train(client_, global_, &work_, &m);
    EXPECT_EQ(m.payload.buffer().slice(0, model_.layout().trainable()).abs().max().item<float>(), 0)
        << name;
    m.payload.fill(7);
    make(name)->probe(client_, global_, {1, 2}, &m);
    EXPECT_EQ(m.payload.buffer().slice(0, model_.layout().trainable()).abs().max().item<float>(), 0)
        << name;
  }
}

TEST_F(LocalTraining, ProbesSeenAsGradientsKeepTheChangeOfStatistics) {
  use(make_model("resnet20", NormMode::kTrain));
  Message gradient, change;
  gradient.payload = change.payload = FlatParameters(model_.layout());
  make("fedsgd")->probe(client_, global_, {3, 5}, &gradient);
  make("fedavg")->probe(client_, global_, {3, 5}, &change);
  const FlatParameters seen =
      observe({0, 0, 0, 2, 1, change.payload}, {false, settings_.learning_rate, 0}).gradient;
  EXPECT_LT(distance(seen, gradient.payload), 1e-5 * gradient.payload.norm());
}

TEST_F(LocalTraining, OneValueAChannelIsRefusedInTrainMode) {
  use(make_model("resnet20", NormMode::kTrain));
  Message m;
  m.payload = FlatParameters(model_.layout());
  make("fedsgd")->probe(client_, global_, {3}, &m);  // 2x2 px in the last stage
  ModelRequest request;
  request.input = {1, 8, 8};
  request.norm_mode = NormMode::kTrain;
  const auto& entry = models().find("resnet18");
  OptionValues own = OptionValues::defaults(entry.options);
  own.set("width", "2");
  use(entry.create(own, request));
  m.payload = FlatParameters(model_.layout());
  make("fedsgd")->probe(client_, global_, {3, 4}, &m);
  try {
    make("fedsgd")->probe(client_, global_, {3}, &m);
    FAIL() << "nothing was refused";
  } catch (const NumericError& error) {
    EXPECT_STREQ(error.what(),
                 "model.norm_mode=train: layer4.0.bn1.weight of resnet18 normalizes one value a "
                 "channel (one image of 1x1 px), which has no variance; use larger batches, larger "
                 "images or model.norm_mode=eval");
  }
}

TEST_F(LocalTraining, VariancesBelowZeroAreMended) {
  use(make_model("resnet20", NormMode::kTrain));
  global_.fill(-1);
  mend_variances(model_, &global_);
  for (const Layer& layer : model_.layers()) {
    if (layer.kind != Layer::Kind::kBatchNorm) continue;
    EXPECT_EQ(global_.view(layer.variance).min().item<float>(), 0);
    EXPECT_EQ(global_.view(layer.mean).max().item<float>(), -1);
  }
}

TEST_F(LocalTraining, TheAggregateIsTheWeightedMean) {
  const auto fedavg = make("fedavg");
  const FlatParameters a = train(*fedavg).payload;
  client_.id = 3;  // another order of the batches
  const FlatParameters b = train(*fedavg).payload;
  ASSERT_GT(distance(a, b), 1e-6);
  ExactSum sum(a.size());
  sum.add(a.data(), a.size(), 30.0 / 37, "a", 0);
  sum.add(b.data(), b.size(), 7.0 / 37, "b", 0);
  for (int64_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(sum[i], (30.0 * a.data()[i] + 7.0 * b.data()[i]) / 37, 2 * ExactSum::kUnit);
}

}  // namespace
}  // namespace medpfl
