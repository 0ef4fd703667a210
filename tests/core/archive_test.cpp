#include "core/archive.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.hpp"

namespace medpfl {
namespace {

const ArchiveOrigin kOrigin = {"run/checkpoint.h5", "resume with medpfl 7"};

enum class Colour : int64_t { kRed = 3 };

struct Cost {
  double seconds = 0;
  int64_t bytes = 0;
  template <class Fields>
  void keep(Fields& f) {
    f("seconds", &seconds);
    f("bytes", &bytes);
  }
};

struct Row {
  bool good = false;
  Colour colour{};
  Cost cost;
  template <class Fields>
  void keep(Fields& f) {
    f("good", &good);
    f("colour", &colour);
    f("cost", &cost);
  }
};

// One entry of every type.
struct Everything {
  int64_t whole = 0;
  uint64_t draws = 0;
  double real = 0;
  bool yes = false;
  std::string text;
  std::vector<float> floats;
  std::vector<std::string> texts;
  std::vector<std::vector<int64_t>> lists;
  std::vector<std::pair<int64_t, std::string>> pairs;
  at::Tensor images, pixels, none;
  Row row;
  std::vector<Row> rows, no_rows;
  std::vector<Cost> objects;

  void keep(Archive& a) {
    a.version(1);
    a("whole", &whole);
    a("draws", &draws);
    a("real", &real);
    a("yes", &yes);
    a("text", &text);
    a("floats", &floats);
    a("texts", &texts);
    a("lists", &lists);
    a.each("pairs", &pairs, [](Archive& b, auto* pair) {
      b("first", &pair->first);
      b("second", &pair->second);
    });
    a("images", &images);
    a("pixels", &pixels);
    a("none", &none);
    a("row", &row);
    a.table("rows", &rows);
    a.table("no_rows", &no_rows);
    a("objects", &objects);
  }
};

template <class T>
std::string write(T* object) {
  return Archive::write([&](Archive& a) { a("object", object); });
}

template <class T>
void read(std::string_view bytes, T* object) {
  Archive::read(bytes, kOrigin, [&](Archive& a) { a("object", object); });
}

// The message of the FormatError of reading `bytes` into `object`; "" where there is none.
template <class T>
std::string error_of(std::string_view bytes, T* object) {
  try {
    read(bytes, object);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

// An object whose entries a test chooses.
struct Any {
  Archive::Keep of;
  void keep(Archive& a) { of(a); }
};

std::string written(const Archive::Keep& of) {
  Any any{of};
  return write(&any);
}

std::string error_of(std::string_view bytes, const Archive::Keep& of) {
  Any any{of};
  return error_of(bytes, &any);
}

Everything example() {
  Everything x;
  x.whole = -7;
  x.draws = ~uint64_t{0};
  x.real = std::numeric_limits<double>::infinity();
  x.yes = true;
  x.text = std::string("a\0b", 3);
  x.floats = {1.5F, -2};
  x.texts = {"", "Röntgen"};
  x.lists = {{}, {4, 5}};
  x.pairs = {{-1, ""}, {9, "nine"}};
  x.images = at::rand({2, 1, 3, 3}).transpose(2, 3);
  x.pixels = at::tensor({1, 255}, at::kByte);
  x.row = {true, Colour::kRed, {2.5, 8}};
  x.rows = {x.row, {false, Colour::kRed, {-1, 1}}};
  x.objects = {{1, 2}, {3, 4}, {5, 6}};
  return x;
}

TEST(Archive, EveryTypeComesBack) {
  Everything x = example(), y;
  y.lists = {{1}, {2}, {3}};  // what was there before is replaced
  y.none = at::rand({1});
  const std::string bytes = write(&x);
  read(bytes, &y);
  EXPECT_EQ(y.whole, -7);
  EXPECT_EQ(y.draws, x.draws);
  EXPECT_EQ(y.real, x.real);
  EXPECT_TRUE(y.yes);
  EXPECT_EQ(y.text, x.text);
  EXPECT_EQ(y.floats, x.floats);
  EXPECT_EQ(y.texts, x.texts);
  EXPECT_EQ(y.lists, x.lists);
  EXPECT_EQ(y.pairs, x.pairs);
  EXPECT_TRUE(at::equal(y.images, x.images));
  EXPECT_TRUE(at::equal(y.pixels, x.pixels));
  EXPECT_EQ(y.pixels.scalar_type(), at::kByte);
  EXPECT_FALSE(y.none.defined());
  EXPECT_EQ(y.row.colour, Colour::kRed);
  ASSERT_EQ(y.rows.size(), 2U);
  EXPECT_TRUE(y.rows[0].good);
  EXPECT_FALSE(y.rows[1].good);
  EXPECT_EQ(y.rows[0].cost.bytes, 8);
  EXPECT_EQ(y.rows[1].cost.seconds, -1);
  EXPECT_TRUE(y.no_rows.empty());
  EXPECT_EQ(y.objects[2].bytes, 6);
  EXPECT_EQ(write(&y), bytes);
}

TEST(Archive, EntriesAreFoundByNameInAnyOrder) {
  const std::string bytes = written([](Archive& a) {
    int64_t b = 2, c = 3;
    a("c", &c);
    a("b", &b);
  });
  int64_t b = 0, c = 0;
  EXPECT_EQ(error_of(bytes,
                     [&](Archive& a) {
                       a("b", &b);
                       a("c", &c);
                     }),
            "");
  EXPECT_EQ(b, 2);
  EXPECT_EQ(c, 3);
}

TEST(Archive, AMissingEntryIsNamed) {
  Cost cost;
  EXPECT_EQ(error_of(written([](Archive& a) {
                       int64_t one = 1;
                       a("bytes", &one);
                     }),
                     &cost),
            "run/checkpoint.h5: object has no entry 'seconds', which version 1 needs; "
            "resume with medpfl 7");
}

TEST(Archive, AnEntryThatIsLeftOverIsNamed) {
  Everything x = example();
  const std::string bytes = written([&](Archive& a) {
    a.group("inner", [&](Archive& b) {
      b.version(3);
      b("text", &x.text);
    });
  });
  const Archive::Keep same = [&](Archive& a) {
    a.group("inner", [](Archive& b) { b.version(3); });
  };
  EXPECT_EQ(error_of(bytes, same),
            "run/checkpoint.h5: object/inner has an entry 'text' (text), which this program does "
            "not know in version 3; resume with medpfl 7");
}

TEST(Archive, AnotherTypeIsNamed) {
  const std::string bytes = written([](Archive& a) {
    std::string eight = "8";
    double seconds = 1;
    a("seconds", &seconds);
    a("bytes", &eight);
  });
  Cost cost;
  EXPECT_EQ(error_of(bytes, &cost),
            "run/checkpoint.h5: object has an entry 'bytes' that is text, and int64 is needed; "
            "resume with medpfl 7");
}

TEST(Archive, AnotherLengthIsNamed) {
  std::vector<float> three(3);
  const std::string bytes = written([&](Archive& a) { a("m", &three); });
  EXPECT_EQ(error_of(bytes, [&](Archive& a) { a.fixed("m", three.data(), 2); }),
            "run/checkpoint.h5: object has an entry 'm' of shape [3], and shape [2] is needed; "
            "resume with medpfl 7");
}

TEST(Archive, AListTellsWhichOfItsEntriesIsWrong) {
  std::vector<Cost> two(2);
  struct Other {
    double seconds = 0;
    void keep(Archive& a) { a("seconds", &seconds); }
  };
  std::vector<Other> others;
  const std::string bytes = written([&](Archive& a) { a("costs", &two); });
  EXPECT_EQ(error_of(bytes, [&](Archive& a) { a("costs", &others); }),
            "run/checkpoint.h5: object/costs/0 has an entry 'bytes' (int64), which this program "
            "does not know in version 1; resume with medpfl 7");
}

// Version 2 added `gained` and dropped `lost`.
struct Grown {
  int64_t kept = 0, gained = -1;
  void keep(Archive& a) {
    const int64_t version = a.version(2);
    a("kept", &kept);
    if (version >= 2) a("gained", &gained);
  }
};

TEST(Archive, AnOlderVersionReadsWithWhatItLacksLeftAsItWas) {
  const std::string bytes = written([](Archive& a) {
    int64_t kept = 5, lost = 6;
    a.version(1);
    a("kept", &kept);
    a("lost", &lost);
  });
  Grown grown;
  EXPECT_EQ(error_of(bytes, &grown), "");
  EXPECT_EQ(grown.kept, 5);
  EXPECT_EQ(grown.gained, -1);
}

TEST(Archive, ANewerVersionIsRefused) {
  Grown grown;
  EXPECT_EQ(error_of(written([](Archive& a) { a.version(3); }), &grown),
            "run/checkpoint.h5: object has version 3, and this program knows versions 1 to 2; "
            "resume with medpfl 7");
}

// Wherever the bytes end, there is one error, and nothing is read beyond.
TEST(Archive, BytesThatAreCutOffAreRefused) {
  Everything x = example();
  const std::string bytes = write(&x);
  for (size_t length = 0; length < bytes.size(); ++length) {
    Everything y;
    const std::string cut = bytes.substr(0, length);
    EXPECT_NE(error_of(cut, &y), "") << length;
  }
  Everything y;
  EXPECT_EQ(error_of(bytes.substr(0, bytes.size() - 1), &y),
            "run/checkpoint.h5: the state ends too early; resume with medpfl 7");
}

// The bytes that the comment of Archive describes.
TEST(Archive, TheBytesAreAsDocumented) {
  const std::string bytes = Archive::write([](Archive& a) {
    std::vector<uint8_t> two = {1, 2};
    a("ab", &two);
  });
  EXPECT_EQ(bytes, std::string("\x09\x02"
                               "ab\x0b\0\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\0\x01\x02",
                               23));
}

}  // namespace
}  // namespace medpfl
