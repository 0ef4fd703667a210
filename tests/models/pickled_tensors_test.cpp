// Pickles written by hand, opcode by opcode, as torch.save writes them.
#include "models/pickled_tensors.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cstring>

#include "../core/refusal.hpp"

namespace medpfl::pickled_tensors_test {
namespace {

std::string text(const std::string& value) {
  return "X" + std::string({static_cast<char>(value.size()), 0, 0, 0}) + value;
}

std::string number(int64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return "\x8a\x08" + bytes;
}

// A tensor with one dimension of float32, in a storage of `elements`.
std::string tensor(int64_t size, int64_t stride = 1, int64_t offset = 0, int64_t elements = 4,
                   const std::string& type = "FloatStorage") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + type + "\n" +
         text("0") + text("cpu") + number(elements) + "tQ" + number(offset) + number(size) +
         "\x85" + number(stride) + "\x85\x89}tR";
}

std::string dict(const std::string& items) { return "}(" + items + "u"; }

std::string network(const std::string& attributes) {
  return "cnets\nNet\n)\x81" + dict(attributes) + "b";
}

const std::string kFour("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40", 16);  // 1, 2, 3, 4

StateDict read(const std::string& pickle, bool swap = false, const std::string& values = kFour) {
  const std::string bytes = pickle + ".";
  Unpickler reader(bytes);
  return pickled_state_dict(
      reader.read(), [&](const std::string&) { return values; }, swap);
}

std::string refused(const std::string& pickle) {
  return refusal<DataError>([&] { read(pickle); });
}

TEST(PickledTensors, ViewsAreThoseOfTheirStorage) {
  const StateDict tensors = read(dict(text("a") + tensor(2, 2, 1) + text("b") + tensor(3, 0)));
  EXPECT_TRUE(at::equal(tensors.at("a"), at::tensor({2.0F, 4.0F})));
  EXPECT_TRUE(at::equal(tensors.at("b"), at::tensor({1.0F, 1.0F, 1.0F})));
}

TEST(PickledTensors, TheOtherByteOrderIsSwapped) {
  std::string values = kFour;
  for (size_t i = 0; i < values.size(); i += 4)
    std::reverse(values.begin() + static_cast<std::ptrdiff_t>(i),
                 values.begin() + static_cast<std::ptrdiff_t>(i + 4));
  const StateDict tensors = read(dict(text("a") + tensor(4)), true, values);
  EXPECT_TRUE(at::equal(tensors.at("a"), at::tensor({1.0F, 2.0F, 3.0F, 4.0F})));
}

TEST(PickledTensors, WhatStandsAroundIsTakenOff) {
  const std::string weights = dict(text("a") + tensor(4));
  for (const char* key : {"state_dict", "model_state_dict", "model", "net"})
    EXPECT_EQ(read(dict(text("epoch") + "K\3" + text(key) + weights)).count("a"), 1U) << key;
  // A name is no network.
  EXPECT_EQ(read(dict(text("state_dict") + weights + text("model") + text("lenet"))).size(), 1U);
  EXPECT_EQ(read(dict(text("model") + text("lenet") + text("net") + weights)).size(), 1U);
  EXPECT_EQ(refused(dict(text("epoch") + "K\3" + text("generator") + weights)),
            "it holds a dict without tensors by name; its keys are epoch, generator");
}

TEST(PickledTensors, ANetworkGivesItsTensorsByTheirPlace) {
  const std::string inner = network(text("_parameters") + dict(text("w") + tensor(4)) +
                                    text("_buffers") + dict(text("m") + tensor(2)));
  const StateDict tensors = read(network(text("_parameters") + dict(text("x") + "N") +
                                         text("_modules") + dict(text("0") + inner)));
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors.at("0.w").numel(), 4);
  EXPECT_EQ(tensors.at("0.m").numel(), 2);
}

TEST(PickledTensors, OnlyTheStoragesInUseMatter) {
  const std::string other = text("rng") + tensor(4, 1, 0, 4, "QInt8Storage");
  EXPECT_EQ(read(dict(other + text("model") + dict(text("a") + tensor(4)))).size(), 1U);
  EXPECT_EQ(refused(dict(other)), "it holds a 'torch QInt8Storage'");
}

TEST(PickledTensors, NothingReachesBeyondItsStorage) {
  const int64_t huge = int64_t{1} << 62;
  for (const std::string& beyond :
       {tensor(5), tensor(2, 4), tensor(1, 1, 4), tensor(huge), tensor(2, huge), tensor(3, huge),
        tensor(2, 1, INT64_MAX), tensor(0, 1, 5)})
    EXPECT_EQ(refused(dict(text("a") + beyond)), "a tensor reaches beyond its storage");
  for (const std::string& negative : {tensor(-1), tensor(1, -1), tensor(1, 1, -1)})
    EXPECT_EQ(refused(dict(text("a") + negative)), "its pickle is malformed");
  for (const int64_t elements : {int64_t{5}, int64_t{-1}, huge})
    EXPECT_EQ(refused(dict(text("a") + tensor(1, 1, 0, elements))),
              "a tensor has another size than it says");
  EXPECT_EQ(refused(dict(text("a") + tensor(1) + text("a") + tensor(1))), "it holds 'a' twice");
}

TEST(PickledTensors, NetworksThatGrowWithoutBoundsAreRefused) {
  // Each of 40 networks has the one before twice.
  std::string pickle = network(text("_modules") + "}");
  for (int i = 0; i < 40; ++i) {
    const std::string place(1, '\1');
    pickle += "q" + place + "0" +
              network(text("_modules") + dict(text("a") + "h" + place + text("b") + "h" + place));
  }
  EXPECT_EQ(refused(pickle), "it holds more modules than a network has");
  // A network that is a part of itself.
  EXPECT_EQ(
      refused("cnets\nNet\n)\x81q\1" + dict(text("_modules") + dict(text("a") + "h\1")) + "b"),
      "it holds more modules than a network has");
}

}  // namespace
}  // namespace medpfl::pickled_tensors_test
