#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <jumpgate/limits.hpp>

#include "config/toml_reader.hpp"

namespace jumpgate::config {

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
