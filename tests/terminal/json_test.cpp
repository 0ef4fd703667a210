#include "terminal/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace medpfl {
namespace {

TEST(Json, TextIsEscaped) {
  EXPECT_EQ(Json("a \"b\" \\ c\n").text(), "\"a \\\"b\\\" \\\\ c\\u000a\"");
}

TEST(Json, NumbersThatJsonLacksAreNullOrTooLarge) {
  EXPECT_EQ(Json(0.1).text(), "0.1");
  EXPECT_EQ(Json(int64_t{-3}).text(), "-3");
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).text(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).text(), "1e999");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).text(), "-1e999");
}

TEST(Json, ObjectsAndListsAreIndentedByTheirDepth) {
  const Json row = Json::row({{"a", int64_t{1}}, {"b", "x"}});
  const Json all = Json::object({{"rows", Json::list({row, row})}, {"none", Json::list({})}});
  EXPECT_EQ(all.text(),
            "{\n"
            "  \"rows\": [\n"
            "    {\"a\": 1, \"b\": \"x\"},\n"
            "    {\"a\": 1, \"b\": \"x\"}\n"
            "  ],\n"
            "  \"none\": []\n"
            "}");
}

}  // namespace
}  // namespace medpfl
