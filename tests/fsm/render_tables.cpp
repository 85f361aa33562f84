// Writes the tables made from the code's lists into spec/session-fsm.md, spec/reasons.md and
// docs/operations.md.
//
// usage: render_tables ROOT
#include <fstream>
#include <string>

#include <fmt/core.h>

#include "tests/fsm/table_text.hpp"

namespace {

bool update(const std::string& path, const std::string& table, const std::string& name = "table") {
  const auto document = jumpgate::testing::read_text(path);
  const auto updated =
      document ? jumpgate::testing::with_table_region(*document, table, name) : std::nullopt;
  if (!updated) {
    fmt::print(stderr, "render_tables: {} is missing, or its markers '{}' are\n", path, name);
    return false;
  }
  if (*updated == *document) return true;
  std::ofstream file(path, std::ios::binary);
  file << *updated;
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: render_tables ROOT\n");
    return 2;
  }
  using namespace jumpgate::testing;
  const std::string root = argv[1];
  const std::string operations = root + "/docs/operations.md";
  const bool done = update(root + "/spec/session-fsm.md", render_transitions()) &&
                    update(root + "/spec/reasons.md", render_reasons()) &&
                    update(operations, render_drops(), "drops") &&
                    update(operations, render_worker_counters(), "worker") &&
                    update(operations, render_controller_counters(), "controller") &&
                    update(operations, render_transition_counters(), "transitions");
  return done ? 0 : 1;
}
