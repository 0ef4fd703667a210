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

namespace medpfl::state_dict_test {
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

TEST(StateDict, PrefixesOfWrappersAreTakenOff) {
  const Model model = make();
  for (const std::string prefix : {"_orig_mod.", "model.module.", "net.", "module._orig_mod."}) {
    StateDict tensors;
    for (const auto& [name, tensor] : filled(model)) tensors.emplace(prefix + name, tensor);
    EXPECT_EQ(load(tensors, model), "") << prefix;
    tensors.emplace("weight", at::zeros({2}));
    EXPECT_NE(load(tensors, model).find("102 missing: conv1.weight"), std::string::npos) << prefix;
  }
}

TEST(StateDict, TakesFloatingPointNumbersThatAreFiniteInFloat32) {
  const Model model = make();
  StateDict tensors = filled(model);
  tensors["bn1.weight"] = at::zeros({2}, at::kLong);
  tensors["bn1.bias"] = at::full({2}, 1e300, at::kDouble);
  const std::string said = load(tensors, model);
  EXPECT_NE(said.find("1 not of floating-point numbers: bn1.weight (Long); 1 with NaN or infinity: "
                      "bn1.bias;"),
            std::string::npos)
      << said;
}

const char* const kAdvice =
    "; expected is what torch.save(model.state_dict(), ...), torch.jit.save or safetensors wrote";

std::string refused(const std::string& bytes) {
  std::string said = refusal<DataError>([&] { read_state_dict(bytes, "w.pt"); });
  EXPECT_EQ(said.rfind("w.pt: ", 0), 0U) << said;
  const size_t end = said.find(kAdvice);
  EXPECT_NE(end, std::string::npos) << said;
  return said.substr(6, end - 6);
}

TEST(StateDict, RefusesWhatIsNoFileOfWeights) {
  EXPECT_EQ(refused("hello"), "is no file of weights");
  EXPECT_EQ(refused(""), "is empty");
  EXPECT_EQ(refused("\x80\x02K"), "it ends early");
  EXPECT_EQ(refused("\x80\x02."), "its pickle is malformed");
  EXPECT_EQ(refused("\x80\x02K\x01."), "it is a pickle, but none of torch.save");
  EXPECT_EQ(refused("PK\x03\x04 nothing").rfind("it is damaged (", 0), 0U);  // then libzip's words
  EXPECT_EQ(refusal<DataError>([] {
              read_state_dict("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "w.pt");
            }),
            "w.pt: is a pointer of Git LFS; git lfs pull fetches the file");
}

// The older form of torch.save, in which `root` is the pickle of the weights.
std::string legacy(const std::string& root) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string number = "\x80\x02M\xe9\x03.", nothing = "\x80\x02}.", no_keys = "\x80\x02].";
  return magic + number + nothing + "\x80\x02" + root + "." + no_keys;
}

TEST(StateDict, RefusesToRunWhatAPickleCalls) {
  EXPECT_EQ(refused(legacy("cos\nsystem\n" + std::string("X\2\0\0\0ls", 7) + "\x85R")),
            "it holds a 'os system' without tensors by name; it has no keys");
}

TEST(StateDict, NamesTheKeysOfADictWithoutTensors) {
  const std::string epoch("X\5\0\0\0epochK\3", 12), weights("X\3\0\0\0netN", 9);
  EXPECT_EQ(refused(legacy("}(" + epoch + weights + "u")),
            "it holds a dict without tensors by name; its keys are epoch, net");
  EXPECT_EQ(refused(legacy("]")), "it holds no dict of tensors");
  // A key of a mebibyte and a million keys make no long message.
  const std::string long_key = std::string("X\0\0\x10\0", 5) + std::string(1 << 20, 'k') + "N";
  std::string items;
  for (int i = 0; i < 100000; ++i) items += std::string("X\1\0\0\0aN", 7);
  EXPECT_LT(refused(legacy("}(" + long_key + items + "u")).size(), 200U);
}

}  // namespace
}  // namespace medpfl::state_dict_test
