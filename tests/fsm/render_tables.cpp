// Writes the tables made from the code's lists into spec/session-fsm.md and spec/reasons.md.
//
// usage: render_tables SPEC_FOLDER
#include <fstream>
#include <string>

#include <fmt/core.h>

#include "tests/fsm/table_text.hpp"

namespace {

bool update(const std::string& path, const std::string& table) {
  const auto document = jumpgate::testing::read_text(path);
  const auto updated =
      document ? jumpgate::testing::with_table_region(*document, table) : std::nullopt;
  if (!updated) {
    fmt::print(stderr, "render_tables: {} is missing, or its table markers are\n", path);
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
    fmt::print(stderr, "usage: render_tables SPEC_FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const bool done = update(folder + "/session-fsm.md", jumpgate::testing::render_transitions()) &&
                    update(folder + "/reasons.md", jumpgate::testing::render_reasons());
  return done ? 0 : 1;
}
