#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <jumpgate/limits.hpp>

#include "config/toml_reader.hpp"

namespace jumpgate::config {
namespace {

/// Of a dotted key; the deepest of ours has four. The parser recurses into each of them, and a stack ends.
constexpr std::size_t kMaxKeyParts = 8;

/// The last character of the string that begins at `at`: of one line, unless in three quotes.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool many_lines = text.substr(at).starts_with(three);
  for (std::size_t i = at + (many_lines ? 3 : 1); i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (!many_lines) {
      if (text[i] == quote) return i;
      if (text[i] == '\n') return i - 1;
    } else if (text.substr(i).starts_with(three)) {
      // Up to two quotes more are the string's own.
      i += 2;
      for (int more = 0; more < 2 && text.substr(i + 1).starts_with(quote); ++more)
        ++i;
      return i;
    }
  }
  return text.size();
}

/// The line of the first key of too many parts. Strings and comments are followed as TOML has them;
/// in a text that is none the parser stops where this goes wrong.
std::optional<std::uint32_t> line_of_deep_key(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t parts = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t from = i;
    if (text[i] == '#')
      i = std::min(text.find('\n', i), text.size()) - 1;
    else if (text[i] == '"' || text[i] == '\'')
      i = end_of_string(text, i);
    const std::string_view passed = text.substr(from, i + 1 - from);
    line += static_cast<std::uint32_t>(std::ranges::count(passed, '\n'));
    if (passed == "." && ++parts > kMaxKeyParts) return line;
    if (passed.size() == 1 && std::string_view("\n=,[{").contains(passed.front())) parts = 1;
  }
  return std::nullopt;
}

}  // namespace

TomlDocument::TomlDocument(std::unique_ptr<toml::table> root, std::string path)
    : root_{std::move(root)}, path_{std::move(path)} {}
TomlDocument::~TomlDocument() = default;

std::unique_ptr<TomlDocument> TomlDocument::load(const std::string& path, Problems& problems) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    problems.add({path}, std::strerror(errno), "expected a readable configuration file");
    return nullptr;
  }
  if (!S_ISREG(info.st_mode) ||
      static_cast<std::uint64_t>(info.st_size) > limits::kMaxConfigBytes) {
    problems.add({path}, "not a regular file, or too large",
                 fmt::format("expected at most {} MiB", limits::kMaxConfigBytes >> 20));
    return nullptr;
  }
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) {
    problems.add({path}, "can not be read", "expected a file that this user may read");
    return nullptr;
  }
  return parse(text, path, problems);
}

std::unique_ptr<TomlDocument> TomlDocument::parse(std::string_view text, const std::string& path,
                                                  Problems& problems) {
  if (const auto line = line_of_deep_key(text)) {
    problems.add({path, *line, 1}, "a key of too many parts",
                 fmt::format("expected at most {}, with dots between", kMaxKeyParts));
    return nullptr;
  }
  try {
    auto root = std::make_unique<toml::table>(toml::parse(text, path));
    return std::unique_ptr<TomlDocument>(new TomlDocument(std::move(root), path));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    problems.add({path, at.line, at.column}, std::string(error.description()), "expected TOML");
    return nullptr;
  }
}

}  // namespace jumpgate::config
