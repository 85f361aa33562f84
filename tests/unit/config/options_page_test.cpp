// docs/options.md against the readers: each key has its row and each row its key, with the default, the bounds and the
// way that a change takes which are the code's.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "commented_files.hpp"
#include "config/config_diff.hpp"
#include "config/units.hpp"

namespace jumpgate::config {
namespace {

const std::filesystem::path kFolder{JG_CONFIG_FOLDER};

struct Row {
  std::string heading;  // "[policy.keys]"
  std::string key, type, bounds, standard, change;
};

std::string unquoted(const std::string& cell) {
  return cell.size() > 2 && cell.starts_with('`') && cell.ends_with('`')
             ? cell.substr(1, cell.size() - 2)
             : "";
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream parts(line.substr(2));
  for (std::string cell; std::getline(parts, cell, '|');) {
    cell.erase(0, std::min(cell.find_first_not_of(' '), cell.size()));
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells.push_back(cell);
  }
  return cells;
}

/// The rows under "## `FILE`".
std::vector<Row> rows_of(const std::string& file) {
  std::vector<Row> rows;
  std::istringstream lines(test::read(kFolder / "../docs/options.md"));
  std::string heading;
  bool within = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) within = line == "## `" + file + "`";
    if (line.starts_with("### ")) heading = unquoted(line.substr(4));
    if (!within || !line.starts_with("| `")) continue;
    const auto cells = cells_of(line);
    EXPECT_EQ(cells.size(), file == "jump.toml" ? 5U : 6U) << line;
    if (cells.size() < 5) continue;
    rows.push_back({heading, unquoted(cells[0]), cells[1], cells[2], cells[3], cells[4]});
  }
  return rows;
}

std::map<std::string, std::set<std::string>> keys_of(const std::vector<Row>& rows) {
  std::map<std::string, std::set<std::string>> keys;
  for (const Row& row : rows)
    EXPECT_TRUE(keys[row.heading].insert(row.key).second) << row.heading << " " << row.key;
  return keys;
}

TEST(OptionsPage, HasARowForEachKeyAndAKeyForEachRow) {
  for (const std::string file : {"jumpgated.toml", "jump.toml"}) {
    const bool client = file == "jump.toml";
    const auto page = keys_of(rows_of(file));
    for (const auto& [heading, keys] : page) {
      std::set<std::string> may = test::known(heading, client);
      // Tables within it have headings of their own, and a profile's are the policy's.
      const std::string inside = heading.substr(0, heading.find(']')) + ".";
      std::erase_if(may, [&](const std::string& key) {
        return page.contains(inside + key + "]") || page.contains(inside + key + "]]") ||
               (heading == "[profiles.NAME]" && page.contains("[policy." + key + "]"));
      });
      EXPECT_EQ(keys, may) << file << ": " << heading;
    }
    for (const std::string& table : test::known("", client))
      EXPECT_TRUE(std::ranges::any_of(
          page,
          [&](const auto& part) {
            return part.first.substr(part.first.find_first_not_of('[')).starts_with(table);
          }))
          << file << ": " << table;
    for (const std::string& group : test::known("[policy]", client))
      EXPECT_TRUE(page.contains("[policy." + group + "]")) << group;
  }
}

/// The line of the commented file that shows the key.
std::optional<std::string> line_of(const Row& row, const std::string& file) {
  static const std::map<std::string, std::string> kExamples{
      {"[rates.NAME]", "[rates.guests]"}, {"[profiles.NAME]", "[profiles.mobile]"}};
  const auto all = test::shown(test::read(kFolder / file));
  const auto example = kExamples.find(row.heading);
  const auto part = all.find(example == kExamples.end() ? row.heading : example->second);
  if (part == all.end() || !part->second.contains(row.key)) return std::nullopt;
  return part->second.at(row.key);
}

TEST(OptionsPage, ItsDefaultsAreThoseOfTheCommentedFiles) {
  std::size_t compared = 0;
  for (const std::string file : {"jumpgated.toml", "jump.toml"}) {
    for (const Row& row : rows_of(file)) {
      const auto line = line_of(row, file);
      ASSERT_TRUE(line) << file << ": " << row.heading << " " << row.key;
      const std::string standard = unquoted(row.standard);
      // What is not commented out is required, or an example.
      if (standard.empty() || !line->starts_with('#')) continue;
      std::string value = line->substr(line->find(" = ") + 3);
      value.erase(std::min(value.find(" #"), value.size()));
      value.erase(value.find_last_not_of(' ') + 1);
      EXPECT_EQ(value, standard) << file << ": " << row.heading << " " << row.key;
      ++compared;
    }
  }
  EXPECT_GT(compared, 70U);
}

struct Range {
  std::string from, to;
};

std::optional<Range> range_of(const std::string& bounds) {
  const std::size_t to = bounds.find(" to ");
  if (to == std::string::npos) return std::nullopt;
  return Range{bounds.substr(0, to), bounds.substr(to + 4)};
}

/// How a refusal may name the range.
std::vector<std::string> refusals(const std::string& type, const Range& range) {
  const auto [from, to] = range;
  if (type == "integer")
    return {fmt::format("expected {} to {}", from, to),
            fmt::format("between {} and {},", from, to)};
  if (type == "size")
    return {fmt::format("expected {} to {} bytes", parse_size(from).value_or(0),
                        parse_size(to).value_or(0))};
  if (type == "duration")
    return {fmt::format("expected {} to {}", from, to),
            fmt::format("between {} ms and {} ms,", parse_duration(from).value_or(Duration{}).ms(),
                        parse_duration(to).value_or(Duration{}).ms())};
  return {fmt::format(R"(expected "{}" to "{}")", from, to)};
}

TEST(OptionsPage, ItsBoundsAreWhatARefusalNames) {
  const std::map<std::string, std::vector<std::string>> beyond{
      {"integer", {"0", "4000000000000000"}},
      {"size", {R"("9999999GiB")"}},
      {"duration", {R"("100d")"}},
      {"bit rate", {R"("1 bit/s")"}},
      {"packet rate", {R"("0 pps")"}}};
  const test::Scratch scratch;
  std::size_t compared = 0;
  for (const std::string file : {"jumpgated.toml", "jump.toml"}) {
    for (const Row& row : rows_of(file)) {
      const auto range = range_of(row.bounds);
      const auto values = beyond.find(row.type);
      if (values == beyond.end() || !range) continue;
      std::string said;
      for (const std::string& value : values->second)
        said += test::faults_of(scratch, test::headed(row.heading) + row.key + " = " + value + "\n",
                                file == "jump.toml")
                    .text();
      EXPECT_TRUE(
          std::ranges::any_of(refusals(row.type, *range),
                              [&](const std::string& refusal) { return said.contains(refusal); }))
          << row.heading << " " << row.key << ": " << row.bounds << "\n"
          << said;
      ++compared;
    }
  }
  EXPECT_GE(compared, 50U);
}

/// A value near the default; empty where there is no simple one.
std::string another(const Row& row) {
  const std::string standard = unquoted(row.standard);
  if (row.type == "boolean") return standard == "true" ? "false" : "true";
  if (row.type == "integer" && !standard.empty()) {
    const auto range = range_of(row.bounds);
    return std::to_string(std::stoll(standard) + (range && range->to == standard ? -1 : 1));
  }
  if (row.type == "duration")
    if (const auto time = parse_duration(standard.substr(1, standard.size() - 2)))
      return fmt::format("\"{}ms\"", time->ms() + 1);
  if (row.type == "size" && !standard.empty())
    if (const auto size = parse_size(standard.substr(1, standard.size() - 2)))
      return std::to_string(*size + 1);
  return "";
}

TEST(OptionsPage, AChangeTakesEffectWhenItSays) {
  const test::Scratch scratch;
  const std::string file = test::without_folder(test::read(kFolder / "jumpgated.toml"));
  const auto before = parse_gateway(file, scratch.path("a.toml"));
  ASSERT_TRUE(before) << before.error().text();
  std::size_t compared = 0;
  for (const Row& row : rows_of("jumpgated.toml")) {
    EXPECT_TRUE(row.change == "reload" || row.change == "start") << row.key;
    const auto line = line_of(row, "jumpgated.toml");
    const std::string value = another(row);
    if (!line || !line->starts_with("# ") || line->starts_with("#  ") || value.empty()) continue;
    // Its own section's line, since others have keys of the same name.
    const std::size_t at = file.find(*line, file.find("\n" + row.heading + "\n"));
    ASSERT_NE(at, std::string::npos) << *line;
    std::string changed = file;
    changed.replace(at, line->size(), row.key + " = " + value);
    const auto after = parse_gateway(changed, scratch.path("a.toml"));
    if (!after) continue;  // what the value must be is no matter of a neighbour
    EXPECT_EQ(diff(*before, *after).restart.empty(), row.change == "reload")
        << row.heading << " " << row.key << " = " << value;
    EXPECT_NE(describe(diff(*before, *after), *before, *after, 9), "nothing changed\n") << row.key;
    ++compared;
  }
  EXPECT_GT(compared, 40U);
}

}  // namespace
}  // namespace jumpgate::config
