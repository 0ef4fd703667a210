#include "core/bytes.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

// The message of the Error that `action` throws; "" where it throws none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInternal);
    return error.what();
  }
  return "";
}

TEST(Bytes, ReadsBackInOrderWhatWasWritten) {
  ByteWriter writer;
  writer.value(int64_t{-7});
  writer.value(2.5);
  writer.text(std::string("a\0b", 3));
  writer.array(std::vector<float>{1.5F, -2.0F});
  writer.texts({"", "Röntgen"});
  writer.value(uint8_t{255});
  const std::string bytes = writer.take();

  ByteReader reader(bytes);
  EXPECT_EQ(reader.value<int64_t>(), -7);
  EXPECT_EQ(reader.value<double>(), 2.5);
  EXPECT_EQ(reader.text(), std::string("a\0b", 3));
  EXPECT_EQ(reader.array<float>(), (std::vector<float>{1.5F, -2.0F}));
  EXPECT_EQ(reader.texts(), (std::vector<std::string>{"", "Röntgen"}));
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.value<uint8_t>(), 255);
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, EmptyPartsTakeOnlyTheirLength) {
  ByteWriter writer;
  writer.text("");
  writer.array(std::vector<double>{});
  writer.texts({});
  const std::string bytes = writer.take();
  EXPECT_EQ(bytes.size(), 3 * sizeof(int64_t));
  ByteReader reader(bytes);
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.array<double>().empty());
  EXPECT_TRUE(reader.texts().empty());
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, ArrayIntoFillsMemoryOfTheCaller) {
  ByteWriter writer;
  writer.array(std::vector<int32_t>{4, 5, 6});
  const std::string bytes = writer.take();
  int32_t out[4] = {0, 0, 0, 9};
  ByteReader reader(bytes);
  reader.array_into(out, 3);
  EXPECT_EQ(out[0], 4);
  EXPECT_EQ(out[2], 6);
  EXPECT_EQ(out[3], 9);
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, RefusesAnArrayOfAnotherLength) {
  ByteWriter writer;
  writer.array(std::vector<int32_t>{4, 5, 6});
  const std::string bytes = writer.take();
  int32_t out[4] = {};
  EXPECT_EQ(error_of([&] { ByteReader(bytes).array_into(out, 4); }),
            "a message has an unexpected length");
  EXPECT_EQ(out[0], 0);
}

TEST(Bytes, RefusesAMessageThatEndsTooEarly) {
  ByteWriter writer;
  writer.text("hospital");
  std::string bytes = writer.take();
  bytes.pop_back();
  EXPECT_EQ(error_of([&] { ByteReader(bytes).text(); }), "a message ends too early");
  const std::string empty;
  EXPECT_EQ(error_of([&] { ByteReader(empty).value<int64_t>(); }), "a message ends too early");
}

}  // namespace
}  // namespace medpfl
