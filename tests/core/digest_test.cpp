#include "core/digest.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

std::string digest_of(const std::string& bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.text();
}

// Python: hashlib.blake2b(b"abc", digest_size=32).hexdigest()
TEST(Digest, IsBlake2b) {
  EXPECT_EQ(digest_of("abc"), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(digest_of(""), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Digest, TakesBytesInPieces) {
  Digest digest;
  digest.add("a", 1);
  digest.add(nullptr, 0);
  digest.add("bc", 2);
  EXPECT_EQ(digest.text(), digest_of("abc"));
}

TEST(Digest, KnowsWhereVectorsEnd) {
  Digest one, other;
  one.add(std::vector<int64_t>{1, 2});
  one.add(std::vector<int64_t>{3});
  other.add(std::vector<int64_t>{1});
  other.add(std::vector<int64_t>{2, 3});
  EXPECT_NE(one.text(), other.text());
}

}  // namespace
}  // namespace medpfl
