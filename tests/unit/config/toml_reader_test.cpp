#include "config/toml_reader.hpp"

#include <gtest/gtest.h>

namespace jumpgate::config {
namespace {

class ReaderTest : public ::testing::Test {
 protected:
  TableReader read(const char* text) {
    document = TomlDocument::parse(text, "file.toml", problems);
    return TableReader{*document, problems};
  }
  Problems problems;
  std::unique_ptr<TomlDocument> document;
};

TEST_F(ReaderTest, AnUnknownKeyNamesTheNearest) {
  auto table = read("allowed_ip = 1\n");
  std::uint32_t out = 0;
  table.integer("allowed_ips", out, 0U, 9U);
  table.finish();
  EXPECT_EQ(problems.text(),
            "file.toml:1:1: unknown key 'allowed_ip'; did you mean 'allowed_ips'?\n");
}

TEST_F(ReaderTest, AFarOneListsWhatThereIs) {
  auto table = read("\nzzz = 1\n");
  std::uint32_t out = 0;
  table.integer("mtu", out, 0U, 9U);
  table.finish();
  EXPECT_EQ(problems.text(), "file.toml:2:1: unknown key 'zzz'; expected one of: mtu\n");
}

TEST_F(ReaderTest, WrongTypesAndBoundsKeepTheDefault) {
  auto table = read("a = \"x\"\nb = 11\nc = 1\nd = \"5\"\ne = [1]\n");
  std::uint32_t number = 7;
  bool flag = true;
  Duration duration = seconds(3);
  table.integer("a", number, 1U, 10U);
  table.integer("b", number, 1U, 10U);
  table.boolean("c", flag);
  table.duration("d", duration, Duration{}, seconds(9));
  table.each_string("e", 4,
                    [](const std::string&) -> std::expected<void, std::string> { return {}; });
  EXPECT_EQ(number, 7U);
  EXPECT_TRUE(flag);
  EXPECT_EQ(duration, seconds(3));
  ASSERT_EQ(problems.total(), 5U);
  EXPECT_EQ(problems.list()[0].what, "'a' is a string");
  EXPECT_EQ(problems.list()[0].expected, "expected an integer from 1 to 10");
  EXPECT_EQ(problems.list()[1].what, "'b' = 11 is out of bounds");
  EXPECT_EQ(problems.list()[4].place.column, 6U) << "the entry itself";
}

// toml++ recurses into each part of a key: without a bound a long one ends the program.
TEST_F(ReaderTest, AKeyOfManyPartsIsRefusedBeforeItIsParsed) {
  std::string deep = "a";
  for (int i = 0; i < 500'000; ++i)
    deep += i % 2 == 0 ? ".a" : " . \"b.\"";
  for (const std::string& text :
       {"\n" + deep + " = 1\n", "\n[" + deep + "]\n", "\n[[" + deep + "]]\n",
        "\nx = {y = [1, {" + deep + " = 1}]}\n", "x = \"\"\"\n'\"\"\"\"\"," + deep + " = 1\n"}) {
    problems = {};
    EXPECT_EQ(TomlDocument::parse(text, "file.toml", problems), nullptr);
    ASSERT_EQ(problems.total(), 1U) << problems.text();
    EXPECT_EQ(problems.text(),
              "file.toml:2:1: a key of too many parts; expected at most 8, with dots between\n");
  }
}

TEST_F(ReaderTest, DotsInStringsAndCommentsAreNoParts) {
  const std::string dots(100, '.');
  const std::string text = "# " + dots + "\"\na.b.c.d.e.f.g.h = \"" + dots + "\\\"" + dots +
                           "\"\nl = '" + dots + "'\nm = \"\"\"\n" + dots + "\"\"\n" + dots +
                           "\"\"\"\"\" # " + dots + "\nn = '\\'\n\"" + dots +
                           "\" = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]\n";
  EXPECT_NE(TomlDocument::parse(text, "file.toml", problems), nullptr) << problems.text();
}

TEST_F(ReaderTest, BrokenTomlIsPlaced) {
  EXPECT_EQ(TomlDocument::parse("a = 1\nb = \n", "file.toml", problems), nullptr);
  ASSERT_EQ(problems.total(), 1U);
  EXPECT_EQ(problems.list()[0].place.line, 2U);
}

TEST_F(ReaderTest, ProblemsAreBoundedAndCounted) {
  for (std::size_t i = 0; i < kMaxProblems + 5; ++i)
    problems.add({"f", static_cast<std::uint32_t>(i + 1)}, "w");
  EXPECT_EQ(problems.list().size(), kMaxProblems);
  EXPECT_EQ(problems.total(), kMaxProblems + 5);
  EXPECT_TRUE(problems.text().ends_with("and 5 more\n"));
}

TEST_F(ReaderTest, AMissingFile) {
  EXPECT_EQ(TomlDocument::load("/nowhere/at-all.toml", problems), nullptr);
  EXPECT_EQ(problems.total(), 1U);
}

}  // namespace
}  // namespace jumpgate::config
