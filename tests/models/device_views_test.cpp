#include "models/device_views.hpp"

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "models/convolution.hpp"
#include "models/differentiator.hpp"

namespace medpfl {
namespace {

// "cpu:0" is another device than "cpu" to MedPFL and the same memory to LibTorch: it takes the way
// of a GPU, copies and all, where there is none.
const at::Device kStaged(at::kCPU, 0);

Model small_model() {
  ModelRequest request;
  request.input = {1, 16, 16};
  request.classes = 3;
  return models()
      .find("lenet-dlg")
      .create(OptionValues::defaults(models().find("lenet-dlg").options), request);
}

TEST(DeviceViews, ShareTheBufferOnTheCpuAlone) {
  const Model model = small_model();
  FlatParameters weights(model.layout());
  const DeviceViews shared(at::kCPU, weights, false), staged(kStaged, weights, false);
  EXPECT_EQ(shared.current().front().data_ptr<float>(), weights.data());
  EXPECT_NE(staged.current().front().data_ptr<float>(), weights.data());
}

TEST(DeviceViews, FollowTheBuffer) {
  const Model model = small_model();
  FlatParameters weights(model.layout());
  for (const at::Device device : {at::Device(at::kCPU), kStaged}) {
    const DeviceViews views(device, weights, true);
    weights.fill(2);
    const std::vector<at::Tensor>& tensors = views.current();
    ASSERT_EQ(static_cast<int64_t>(tensors.size()), model.layout().count());
    for (int64_t i = 0; i < model.layout().count(); ++i) {
      const at::Tensor& tensor = tensors[static_cast<size_t>(i)];
      EXPECT_EQ(tensor.sizes().vec(), model.layout()[i].shape);
      EXPECT_TRUE(tensor.requires_grad() && tensor.is_leaf());
      EXPECT_TRUE(tensor.eq(2).all().item<bool>());
    }
    weights.fill(0);
  }
}

TEST(DeviceViews, SameGradientsThroughCopies) {
  Model model = small_model();
  FlatParameters weights = initial_weights(model, {InitKind::kUniform, 0.5}, 1);
  const at::Tensor images = at::ones({2, 1, 16, 16}).mul(0.3), labels = at::ones({2}, at::kLong);
  const Differentiator direct(model, weights);
  model.compute_on(kStaged);
  const Differentiator staged(model, weights);
  model.compute_on(at::kCPU);
  for (int step = 0; step < 3; ++step) {
    FlatParameters a(model.layout()), b(model.layout());
    const double loss = direct.gradient(images, labels, &a);
    EXPECT_EQ(staged.gradient(images, labels, &b), loss);
    EXPECT_GT(a.norm(), 0);
    EXPECT_TRUE(a.buffer().equal(b.buffer()));
    EXPECT_TRUE(direct.logits(images).equal(staged.logits(images)));
    weights.add(a, -0.1);
  }
}

// The weights of a convolution, of a batch that LibTorch computes and of one that it does not.
TEST(GradientPlaces, HoldWhatIsComputedThere) {
  for (const int64_t batch : {2, 8}) {
    const at::Tensor x = at::randn({batch, 16, 8, 8}), small = at::randn({batch, 16, 6, 6});
    ParameterLayout layout;
    for (const char* name : {"filtered", "other"}) layout.add(name, {16, 16, 3, 3});
    FlatParameters weights(layout), there(layout), copied(layout);
    weights.buffer().normal_();
    const DeviceViews views(at::kCPU, weights, true);
    const std::vector<at::Tensor> w = views.parameters();
    const auto loss = [&] {
      return convolution(x, w[0], {}, 1, 1)
          .sin()
          .sum()
          .add(convolution(small, w[1], {}, 1, 1).sin().sum());
    };
    views.collect(torch::autograd::grad({loss()}, w), &copied);
    there.fill(NAN);
    std::vector<at::Tensor> gradients;
    {
      const GradientPlaces places(w, &there);
      gradients = torch::autograd::grad({loss()}, w, {}, true, true);
      EXPECT_EQ(gradients[0].data_ptr<float>(), there.data());
    }
    views.collect(gradients, &there);
    EXPECT_TRUE(there.buffer().equal(copied.buffer()));
    // Later passes, and those of second order, leave the places alone.
    views.collect(torch::autograd::grad({loss().mul(2)}, w), &copied);
    torch::autograd::grad({gradients[0].square().sum().add(gradients[1].square().sum())}, w);
    EXPECT_FALSE(there.buffer().equal(copied.buffer()));
    EXPECT_TRUE(there.buffer().mul(2).allclose(copied.buffer()));
  }
}

}  // namespace
}  // namespace medpfl
