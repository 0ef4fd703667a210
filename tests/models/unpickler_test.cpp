#include "models/unpickler.hpp"

#include <gtest/gtest.h>

#include "../core/refusal.hpp"

namespace medpfl::unpickler_test {
namespace {

using Kind = Pickled::Kind;

std::string refused(const std::string& bytes) {
  return refusal<DataError>([&] { Unpickler(bytes).read(); });
}

TEST(Unpickler, IntegersAreThoseOfPickle) {
  const std::string bytes(
      "(K\xffM\x01\x02J\xfe\xff\xff\xff\x8a\x00\x8a\x02\x00\xff\x8a\x06"
      "\x00\x00\x00\x00\x00\x01t.",
      28);
  Unpickler reader(bytes);
  std::vector<int64_t> values;
  for (const Pickled* item : reader.read().items) values.push_back(item->integer);
  EXPECT_EQ(values, (std::vector<int64_t>{255, 513, -2, 0, -256, int64_t{1} << 40}));
}

TEST(Unpickler, ObjectsKeepWhatTheyAreMadeOf) {
  // pickle.dumps(argparse.Namespace(a=1), 2), without its memo
  const std::string bytes(
      "\x80\x02"
      "cargparse\nNamespace\n)\x81}X\x01\x00\x00\x00"
      "aK\x01sb.",
      37);
  Unpickler reader(bytes);
  const Pickled& value = reader.read();
  EXPECT_EQ(value.kind, Kind::kObject);
  EXPECT_EQ(value.made_by(), "argparse Namespace");
  ASSERT_NE(value.state, nullptr);
  ASSERT_EQ(value.state->items.size(), 2U);
  EXPECT_EQ(value.state->items[0]->text, "a");
}

TEST(Unpickler, CirclesAndDepthAreNoTrouble) {
  const std::string circle = "]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a.";
  Unpickler reader(circle);
  const Pickled& list = reader.read();
  EXPECT_EQ(list.items.at(0), &list);
  const std::string deep = "N" + std::string(1 << 20, '\x85') + ".";
  Unpickler nested(deep);
  EXPECT_EQ(nested.read().items.size(), 1U);
}

TEST(Unpickler, DamageIsRefused) {
  for (const std::string bytes : {"R.", "t.", "u.", "0.", "h\1.", "Q.", "\x93."})
    EXPECT_NE(refused(bytes), "") << bytes;
  EXPECT_EQ(refused("X\xff\xff\xff\xff."), "it ends early");
  EXPECT_EQ(refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "it ends early");
  EXPECT_EQ(refused("(lp0\n."), "its pickle has opcode 0x6c, which torch.save does not write");
  EXPECT_EQ(refused(std::string((1 << 22) + 1, 'N')), "its pickle is too long for one of weights");
}

}  // namespace
}  // namespace medpfl::unpickler_test
