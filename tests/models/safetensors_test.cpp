// Files written by hand, from the format: https://huggingface.co/docs/safetensors
#include "models/safetensors.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "../core/refusal.hpp"

namespace medpfl::safetensors_test {
namespace {

std::string file(const std::string& header, const std::string& values, uint64_t length) {
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out + header + values;
}

std::string file(const std::string& header, const std::string& values) {
  return file(header, values, header.size());
}

// One tensor in a header, its values from `begin` to `end`.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  int begin, int end) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

std::string refused(const std::string& bytes) {
  return refusal<DataError>([&] { read_safetensors(bytes); });
}

TEST(Safetensors, ValuesOfAllTypesAreRead) {
  // 1 and -2 as F32, F16, BF16 and F64, little-endian, the last one first.
  const std::string values(
      "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0"
      "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x3c\x00\xc0\x80\x3f\x00\xc0",
      32);
  const std::string bytes =
      file("{\"__metadata__\":{\"format\":\"pt\"}," + entry("a", "F32", "[2,1]", 16, 24) + "," +
               entry("b", "F16", "[2]", 24, 28) + "," + entry("c", "BF16", "[1,2]", 28, 32) + "," +
               entry("d", "F64", "[2]", 0, 16) + "}  ",
           values);
  ASSERT_TRUE(is_safetensors(bytes));
  const StateDict tensors = read_state_dict(bytes, "w");
  ASSERT_EQ(tensors.size(), 4U);
  for (const auto& [name, tensor] : tensors)
    EXPECT_TRUE(at::equal(tensor.to(at::kDouble).flatten(), at::tensor({1.0, -2.0}))) << name;
  EXPECT_EQ(tensors.at("a").sizes(), at::IntArrayRef({2, 1}));
  EXPECT_EQ(tensors.at("c").scalar_type(), at::kBFloat16);
}

TEST(Safetensors, AScalarAndAnEmptyTensorAreRead) {
  const StateDict tensors = read_safetensors(
      file("{" + entry("s", "F32", "[]", 0, 4) + "," + entry("e", "F32", "[0,3]", 4, 4) + "}",
           std::string("\0\0\x80\x3f", 4)));
  EXPECT_EQ(tensors.at("s").item<float>(), 1);
  EXPECT_EQ(tensors.at("e").sizes(), at::IntArrayRef({0, 3}));
}

TEST(Safetensors, LengthsBeyondTheFileAreRefused) {
  EXPECT_EQ(refused("1234567"), "it ends early");
  for (const uint64_t length : {uint64_t{3}, uint64_t{1} << 63, (uint64_t{1} << 63) - 1,
                                std::numeric_limits<uint64_t>::max()})
    EXPECT_EQ(refused(file("{}", "", length)), "its header of " + std::to_string(length) +
                                                   " bytes is larger than the file or than 100 MB");
}

TEST(Safetensors, ValuesLieSideBySideAndFillTheFile) {
  const std::string eight(8, '\0');
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[1]", 0, 4) + "}", eight)),
            "its tensors are of 4 bytes, and the file has 8 of them");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[3]", 0, 12) + "}", eight)),
            "its tensors are of 12 bytes, and the file has 8 of them");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[1]", 4, 8) + "}", eight)),
            "the values of 'a' begin at byte 4, those before end at 0");
  EXPECT_EQ(refused(file(
                "{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 0, 4) + "}",
                eight)),
            "the values of 'b' begin at byte 0, those before end at 4");
}

TEST(Safetensors, HeadersThatContradictThemselvesAreRefused) {
  const std::string four(4, '\0'), a = entry("a", "F32", "[1]", 0, 4);
  EXPECT_EQ(refused(file("{" + a + "," + a + "}", four)), "its header names 'a' twice");
  EXPECT_EQ(refused(file("{" + entry("a", "I8", "[4]", 0, 4) + "}", four)),
            "'a' is of type I8; those read are F16, BF16, F32 and F64");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[2]", 0, 4) + "}", four)),
            "the offsets of 'a' do not fit its shape, of 8 bytes");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[1]", 4, 0) + "}", four)),
            "the offsets of 'a' do not fit its shape, of 4 bytes");
  for (const char* shape :
       {"[4294967296,4294967296]", "[0,4611686018427387904,4]", "[18446744073709551615]"})
    EXPECT_EQ(refused(file("{" + entry("a", "F32", shape, 0, 0) + "}", "")),
              "the shape of 'a' is too large");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[-1]", 0, 4) + "}", four)),
            "its header has a shape or an offset that is no whole number");
  EXPECT_EQ(refused(file("{" + entry("a", "F32", "[1e0]", 0, 4) + "}", four)),
            "its header has a shape or an offset that is no whole number");
  EXPECT_EQ(refused(file(R"({"a":{"dtype":"F32","shape":[1]}})", four)),
            "the header of 'a' has no data_offsets");
  EXPECT_EQ(refused(file(R"({"a":3})", four)), "the header of 'a' has no dtype");
  EXPECT_EQ(refused(file("{}", "")), "it holds no tensors");
  EXPECT_EQ(refused(file("{\"a\"", "")), "its header is no JSON");
  EXPECT_EQ(refused(file("[1]", "")), "its header is no JSON object");
  EXPECT_EQ(refused(file("{\"a\":" + std::string(1 << 20, '['), "")),
            "its header is nested too deeply");
}

}  // namespace
}  // namespace medpfl::safetensors_test
