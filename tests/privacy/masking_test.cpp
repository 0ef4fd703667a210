#include "privacy/masking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

Key from_hex(const std::string& hex) {
  Key key{};
  for (size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return key;
}

// RFC 7748, section 6.1.
const Key kAlice = from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
const Key kBob = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");

TEST(Masking, OpenKeysAreThoseOfTheStandard) {
  EXPECT_EQ(key_pair(kAlice).open,
            from_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  EXPECT_EQ(key_pair(kBob).open,
            from_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
}

TEST(Masking, BothPartiesFindTheSameKey) {
  const KeyPair alice = key_pair(kAlice), bob = key_pair(kBob);
  const Key shared = shared_key(alice, bob.open);
  EXPECT_EQ(shared, shared_key(bob, alice.open));
  const KeyPair carol = key_pair(derive_key(kAlice, 1));
  EXPECT_NE(shared, shared_key(carol, bob.open));
  EXPECT_NE(shared, shared_key(alice, carol.open));
}

TEST(Masking, APointOfSmallOrderIsRefused) {
  EXPECT_THROW(shared_key(key_pair(kAlice), Key{}), DataError);
}

TEST(Masking, KeysOfOneRootDiffer) {
  EXPECT_EQ(derive_key(kAlice, 1), derive_key(kAlice, 1));
  EXPECT_NE(derive_key(kAlice, 1), derive_key(kAlice, 2));
  EXPECT_NE(derive_key(kAlice, 1), derive_key(kBob, 1));
}

// The published key stream of ChaCha20 for a zero key: 76b8e0ada0f13d90 405d6ae55386bd28 ...
TEST(Masking, MasksAreTheKeyStreamOfChaCha20) {
  std::vector<uint64_t> values = {0, 1};
  add_mask(Key{}, false, values.data(), 2);
  EXPECT_EQ(values, (std::vector<uint64_t>{0x903df1a0ade0b876U, 0x28bd8653e56a5d41U}));
}

TEST(Masking, ASubtractedMaskIsGone) {
  constexpr int64_t kN = 10000;  // more than one piece of the stream
  std::vector<uint64_t> values(kN);
  for (size_t i = 0; i < values.size(); ++i) values[i] = ~uint64_t{0} - 3 * i;
  std::vector<uint64_t> masked = values;
  add_mask(kAlice, false, masked.data(), kN);
  for (size_t i = 0; i < values.size(); ++i) ASSERT_NE(masked[i], values[i]) << i;
  // No piece of the stream stands twice.
  std::vector<uint64_t> stream(kN);
  add_mask(kAlice, false, stream.data(), kN);
  std::sort(stream.begin(), stream.end());
  EXPECT_EQ(std::adjacent_find(stream.begin(), stream.end()), stream.end());
  add_mask(kAlice, true, masked.data(), kN);
  EXPECT_EQ(masked, values);
}

TEST(Masking, SealedTextOpensUnderItsKeyAndNumberAlone) {
  const std::string text = "a share of a seed";
  std::string sealed = seal(kAlice, 3, text);
  EXPECT_EQ(static_cast<int64_t>(sealed.size()), static_cast<int64_t>(text.size()) + kSealBytes);
  EXPECT_EQ(sealed.find(text), std::string::npos);
  EXPECT_NE(seal(kAlice, 4, text), sealed);
  EXPECT_EQ(unseal(kAlice, 3, sealed), text);
  EXPECT_THROW(unseal(kAlice, 4, sealed), DataError);
  EXPECT_THROW(unseal(kBob, 3, sealed), DataError);
  EXPECT_THROW(unseal(kAlice, 3, "short"), DataError);
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  EXPECT_THROW(unseal(kAlice, 3, sealed), DataError);
}

}  // namespace
}  // namespace medpfl
