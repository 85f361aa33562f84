// The documents' tables are those of the code: compared as text, and parsed and compared by
// meaning.
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <jumpgate/reasons.hpp>

#include "session/fsm.hpp"
#include "tests/fsm/table_text.hpp"

namespace jumpgate::session {
namespace {

using Cell = std::tuple<std::string, std::string, std::string>;  // from, trigger, reason

std::string page(const std::string& name) {
  const auto text = testing::read_text(std::string(JG_ROOT_FOLDER) + "/" + name);
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" `"));
  text.erase(text.find_last_not_of(" `") + 1);
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(trimmed(part));
  return parts;
}

// The rendered table read back: what each permitted cell leads to.
std::map<Cell, std::string> parse_transitions(const std::string& table) {
  std::map<Cell, std::string> cells;
  std::vector<std::string> reasons;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);  // heading
  std::getline(lines, line);  // rule
  while (std::getline(lines, line)) {
    const std::vector<std::string> columns = split(line, '|');  // the first is empty
    if (columns.size() != 5) {
      ADD_FAILURE() << "no row of four columns: " << line;
      continue;
    }
    if (columns[4] != "as above") reasons = split(columns[4], ',');
    for (const std::string& reason : reasons) {
      const bool fresh = cells.emplace(Cell{columns[1], columns[2], reason}, columns[3]).second;
      EXPECT_TRUE(fresh) << "twice: " << line;
    }
  }
  return cells;
}

std::map<Cell, std::string> transitions_of_the_code() {
  std::map<Cell, std::string> cells;
  for (const State state : kAllStates) {
    for (const Trigger trigger : kAllTriggers) {
      for (const Reason reason : kAllReasons) {
        const auto next = next_state(state, trigger, reason);
        if (!next) continue;
        cells.emplace(Cell{to_string(state), to_string(trigger), to_string(reason)},
                      to_string(*next));
      }
    }
  }
  return cells;
}

TEST(SpecTable, TheDocumentedTransitionsAreThoseOfTheCode) {
  const auto table = testing::table_region(page("spec/session-fsm.md"));
  ASSERT_TRUE(table) << "spec/session-fsm.md has no table markers";
  EXPECT_EQ(parse_transitions(*table), transitions_of_the_code());
}

TEST(SpecTable, TheDocumentedTransitionsAreRenderedFromTheCode) {
  EXPECT_EQ(testing::table_region(page("spec/session-fsm.md")), testing::render_transitions())
      << "run build/*/tests/fsm/render_tables .";
}

TEST(SpecTable, TheDocumentedReasonsAreRenderedFromTheCode) {
  EXPECT_EQ(testing::table_region(page("spec/reasons.md")), testing::render_reasons())
      << "run build/*/tests/fsm/render_tables .";
}

TEST(OperationsTable, TheDocumentedCountersAreRenderedFromTheCode) {
  const std::string operations = page("docs/operations.md");
  const char* mend = "run build/*/tests/fsm/render_tables .";
  EXPECT_EQ(testing::table_region(operations, "drops"), testing::render_drops()) << mend;
  EXPECT_EQ(testing::table_region(operations, "worker"), testing::render_worker_counters()) << mend;
  EXPECT_EQ(testing::table_region(operations, "controller"), testing::render_controller_counters())
      << mend;
  EXPECT_EQ(testing::table_region(operations, "transitions"), testing::render_transition_counters())
      << mend;
}

TEST(SpecTable, ARegionCanBeReplacedAndReadBack) {
  const std::string document = "a\n<!-- table:begin -->\nold\n<!-- table:end -->\nb\n";
  const auto updated = testing::with_table_region(document, "new\n");
  ASSERT_TRUE(updated);
  EXPECT_EQ(testing::table_region(*updated), "new\n");
  EXPECT_TRUE(updated->starts_with("a\n") && updated->ends_with("b\n"));
  EXPECT_EQ(testing::table_region("no markers"), std::nullopt);
  EXPECT_EQ(testing::table_region(document, "other"), std::nullopt);
}

TEST(Reasons, NumbersAndNamesAreUnique) {
  std::set<unsigned> numbers;
  std::set<std::string_view> names;
  for (const Reason reason : kAllReasons) {
    EXPECT_TRUE(numbers.insert(static_cast<unsigned>(reason)).second) << to_string(reason);
    EXPECT_TRUE(names.insert(to_string(reason)).second) << to_string(reason);
    EXPECT_FALSE(describe(reason).empty());
    EXPECT_EQ(reason_from_number(static_cast<std::uint16_t>(reason)), reason);
  }
}

}  // namespace
}  // namespace jumpgate::session
