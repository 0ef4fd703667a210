// Files of weights as reference_weights.py writes them, with plain PyTorch.
#include "models/state_dict.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "../core/refusal.hpp"
#include "models/differentiator.hpp"

namespace medpfl {
namespace {

Model make(const std::string& norm = "batch", int64_t classes = 3) {
  const auto& entry = models().find("resnet18");
  OptionValues own = OptionValues::defaults(entry.options);
  own.set("width", "2");
  own.set("norm", norm);
  ModelRequest request;
  request.input = {1, 16, 16};
  request.classes = classes;
  return entry.create(own, request);
}

StateDict filled(const Model& model) {
  StateDict out;
  for (const ParameterLayout::Entry& entry : model.layout().entries())
    out.emplace(entry.name, at::full(entry.shape, static_cast<double>(entry.offset + 1)));
  return out;
}

std::string load(const StateDict& tensors, const Model& model, bool new_head = false) {
  FlatParameters weights(model.layout());
  return refusal<DataError>([&] { load_state_dict(tensors, model, new_head, "w.pt", &weights); });
}

TEST(StateDict, TensorsGoWhereTheirNamesAre) {
  const Model model = make();
  StateDict tensors, plain = filled(model);
  plain.emplace("bn1.num_batches_tracked", at::zeros({}, at::kLong));
  for (const auto& [name, tensor] : plain) tensors.emplace("module." + name, tensor);
  FlatParameters weights(model.layout());
  load_state_dict(tensors, model, false, "w.pt", &weights);
  for (const ParameterLayout::Entry& entry : model.layout().entries())
    for (int64_t i = 0; i < entry.size; ++i)
      ASSERT_EQ(weights.data()[entry.offset + i], static_cast<float>(entry.offset + 1));
}

TEST(StateDict, SaysWhichTensorsDoNotFit) {
  const Model model = make();
  StateDict tensors = filled(model);
  tensors.erase("layer1.0.conv1.weight");
  tensors.emplace("layer5.conv.bias", at::zeros({2}));
  tensors["bn1.weight"] = at::zeros({5});
  tensors["bn1.bias"] = at::full({2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(load(tensors, model),
            "w.pt: its tensors are not those of model.name=resnet18 with these options: 1 missing: "
            "layer1.0.conv1.weight; 1 of another shape: bn1.weight (5 in the file, 2 in the "
            "network); 1 with NaN or infinity: bn1.bias; 1 that the network does not have: "
            "layer5.conv.bias; choose the network they come from, or, where the head alone has "
            "other classes, model.new_head=true");
  const std::string many = load({}, model);
  EXPECT_NE(many.find("102 missing: conv1.weight, bn1.weight, bn1.bias, layer1.0.conv1.weight, "
                      "layer1.0.bn1.weight, layer1.0.bn1.bias, ...;"),
            std::string::npos)
      << many;
}

TEST(StateDict, AnotherHeadIsLeftOutOnlyWhenAsked) {
  const Model model = make("batch", 3);
  const StateDict tensors = filled(make("batch", 7));
  EXPECT_NE(load(tensors, model).find("fc.bias (7 in the file, 3 in the network)"),
            std::string::npos);
  FlatParameters weights(model.layout());
  weights.fill(0.5F);
  load_state_dict(tensors, model, true, "w.pt", &weights);
  EXPECT_EQ(weights.view(model.head().weight).max().item<float>(), 0.5F);
  EXPECT_EQ(weights.view(0).min().item<float>(), 1);
}

TEST(StateDict, WeightsOfAnotherNormAreRefused) {
  EXPECT_NE(load(filled(make("group")), make()).find("40 missing: bn1.running_mean"),
            std::string::npos);
  EXPECT_NE(load(filled(make()), make("group")).find("40 that the network does not have"),
            std::string::npos);
}

TEST(StateDict, RefusesWhatIsNoFileOfWeights) {
  const std::string advice =
      "expected is what torch.save(model.state_dict(), ...) or torch.jit.save wrote";
  EXPECT_EQ(refusal<DataError>([] { read_state_dict("hello", "w.pt"); }),
            "w.pt: is no file of weights; " + advice);
  EXPECT_EQ(refusal<DataError>([] { read_state_dict("\x80\x02K", "w.pt"); }),
            "w.pt: it ends early; " + advice);
  EXPECT_EQ(refusal<DataError>([] { read_state_dict("\x80\x02.", "w.pt"); }),
            "w.pt: its pickle is malformed; " + advice);
  EXPECT_EQ(refusal<DataError>([] { read_state_dict("PK\x03\x04 nothing", "w.pt"); }).substr(0, 16),
            "w.pt: is damaged");
}

TEST(StateDict, RefusesToRunWhatAPickleCalls) {
  const std::string evil =
      std::string("\x80\x02") + "cos\nsystem\n" + std::string("X\2\0\0\0ls", 7) + "\x85R.";
  EXPECT_NE(
      refusal<DataError>([&] { read_state_dict(evil, "w.pt"); }).find("it holds a 'os system'"),
      std::string::npos);
}

}  // namespace
}  // namespace medpfl
