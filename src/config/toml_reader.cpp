#include "config/toml_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "config/units.hpp"

namespace jumpgate::config {
namespace {

// Edits from one word to the other, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, change});
    }
  }
  return row.back();
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

}  // namespace

TableReader::TableReader(const TomlDocument& document, Problems& problems)
    : table_{&document.root()}, path_{&document.path()}, problems_{&problems} {}

TableReader::TableReader(const TableReader& parent, const toml::table& table, std::string name)
    : table_{&table}, path_{parent.path_}, problems_{parent.problems_}, name_{std::move(name)} {}

Place TableReader::place_of(const toml::node& node) const {
  return {*path_, node.source().begin.line, node.source().begin.column};
}

Place TableReader::place() const {
  return place_of(*table_);
}

Place TableReader::place(std::string_view key) const {
  for (const auto& [name, node] : *table_)
    if (name.str() == key) return {*path_, name.source().begin.line, name.source().begin.column};
  return place();
}

void TableReader::problem(std::string_view key, std::string what, std::string expected) {
  problems_->add(key.empty() ? place() : place(key), std::move(what), std::move(expected),
                 full_name(key));
}

std::string TableReader::full_name(std::string_view key) const {
  std::string name = name_;
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  if (!name.empty() && !key.empty()) name += '.';
  return name.append(key);
}

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace(key);
  return table_->get(key);
}

bool TableReader::has(std::string_view key) const {
  return table_->contains(key);
}

bool TableReader::is_empty_list(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node != nullptr && node->is_array() && node->as_array()->empty();
}

std::vector<std::string> TableReader::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, node] : *table_)
    all.emplace_back(key.str());
  return all;
}

void TableReader::wrong_type(std::string_view key, std::string_view expected) {
  problem(key, fmt::format("'{}' is {}", key, type_name(*table_->get(key))),
          fmt::format("expected {}", expected));
}

void TableReader::boolean(std::string_view key, bool& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean())
    wrong_type(key, "true or false");
  else
    out = node->as_boolean()->get();
}

bool TableReader::read_integer(std::string_view key, std::int64_t& out, std::int64_t min,
                               std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_integer()) {
    wrong_type(key, fmt::format("an integer from {} to {}", min, max));
    return false;
  }
  out = node->as_integer()->get();
  if (out >= min && out <= max) return true;
  problem(key, fmt::format("'{}' = {} is out of bounds", key, out),
          fmt::format("expected {} to {}", min, max));
  return false;
}

void TableReader::real(std::string_view key, double& out, double min, double max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value)
    wrong_type(key, fmt::format("a number from {} to {}", min, max));
  else if (!(*value >= min && *value <= max))
    problem(key, fmt::format("'{}' = {} is out of bounds", key, *value),
            fmt::format("expected {} to {}", min, max));
  else
    out = *value;
}

void TableReader::text(std::string_view key, const Convert& convert) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) {
    wrong_type(key, "a string");
    return;
  }
  if (auto done = convert(node->as_string()->get()); !done)
    problem(key, fmt::format("'{}' can not be used", key), std::move(done.error()));
}

void TableReader::string(std::string_view key, std::string& out, std::size_t max_bytes) {
  text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    if (value.size() > max_bytes)
      return std::unexpected(fmt::format("expected at most {} bytes", max_bytes));
    if (value.find('\0') != std::string::npos)
      return std::unexpected(std::string("expected no zero byte"));
    out = value;
    return {};
  });
}

void TableReader::duration(std::string_view key, Duration& out, Duration min, Duration max) {
  text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const auto parsed = parse_duration(value);
    if (!parsed)
      return std::unexpected(
          fmt::format(R"('{}' is no duration, expected e.g. "500ms", "1.5s", "8h")", value));
    if (*parsed < min || *parsed > max)
      return std::unexpected(fmt::format("{} is out of bounds, expected {} to {}", value,
                                         format_duration(min), format_duration(max)));
    out = *parsed;
    return {};
  });
}

void TableReader::size(std::string_view key, std::uint64_t& out, std::uint64_t min,
                       std::uint64_t max) {
  const toml::node* node = table_->get(key);
  if (node != nullptr && node->is_integer()) {
    integer(key, out, min, max);
    return;
  }
  text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const auto parsed = parse_size(value);
    if (!parsed || *parsed < min || *parsed > max)
      return std::unexpected(
          fmt::format("'{}' found, expected {} to {} bytes, e.g. \"64MiB\"", value, min, max));
    out = *parsed;
    return {};
  });
}

std::optional<std::size_t> TableReader::choice(std::string_view key,
                                               std::span<const std::string_view> names) {
  std::optional<std::size_t> chosen;
  text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const auto found = std::ranges::find(names, value);
    if (found == names.end())
      return std::unexpected(
          fmt::format("'{}' found, expected one of: {}", value, fmt::join(names, ", ")));
    chosen = static_cast<std::size_t>(found - names.begin());
    return {};
  });
  return chosen;
}

void TableReader::each_string(std::string_view key, std::size_t max_count, const Convert& convert) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    wrong_type(key, "a list of strings");
    return;
  }
  if (list->size() > max_count) {
    problem(key, fmt::format("'{}' has {} entries", key, list->size()),
            fmt::format("expected at most {}", max_count));
    return;
  }
  for (const toml::node& element : *list) {
    if (!element.is_string())
      problems_->add(place_of(element),
                     fmt::format("an entry of '{}' is {}", key, type_name(element)),
                     "expected a string", full_name(key));
    else if (auto done = convert(element.as_string()->get()); !done)
      problems_->add(place_of(element), fmt::format("an entry of '{}' can not be used", key),
                     std::move(done.error()), full_name(key));
  }
}

void TableReader::integers(std::string_view key, std::vector<std::uint32_t>& out, std::uint32_t max,
                           std::size_t max_count) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->size() > max_count) {
    problem(key, fmt::format("'{}' can not be used", key),
            fmt::format("expected a list of at most {} integers", max_count));
    return;
  }
  out.clear();
  for (const toml::node& element : *list) {
    const auto value = element.is_integer() ? element.value<std::int64_t>() : std::nullopt;
    if (value && *value >= 0 && *value <= std::int64_t{max})
      out.push_back(static_cast<std::uint32_t>(*value));
    else
      problems_->add(place_of(element), fmt::format("an entry of '{}' can not be used", key),
                     fmt::format("expected 0 to {}", max));
  }
}

void TableReader::require(std::string_view key) {
  known_.emplace(key);
  if (!has(key))
    problem(key, fmt::format("'{}' is missing{}", key, name_.empty() ? "" : " in " + name_),
            "it is required");
}

std::optional<TableReader> TableReader::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const toml::table* found = node->as_table();
  if (found == nullptr) {
    wrong_type(key, fmt::format("a table, [{}]", key));
    return std::nullopt;
  }
  return TableReader{*this, *found, "[" + full_name(key) + "]"};
}

std::vector<TableReader> TableReader::tables(std::string_view key, std::size_t max_count) {
  std::vector<TableReader> readers;
  const toml::node* node = find(key);
  if (node == nullptr) return readers;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    wrong_type(key, fmt::format("tables, each headed [[{}]]", key));
    return readers;
  }
  if (list->size() > max_count) {
    problem(key, fmt::format("{} tables [[{}]]", list->size(), key),
            fmt::format("expected at most {}", max_count));
    return readers;
  }
  readers.reserve(list->size());
  for (const toml::node& element : *list) {
    if (const toml::table* found = element.as_table())
      readers.emplace_back(*this, *found, fmt::format("[[{}]]", key));
    else
      problems_->add(place_of(element),
                     fmt::format("an entry of '{}' is {}", key, type_name(element)),
                     fmt::format("expected [[{}]]", key));
  }
  return readers;
}

void TableReader::finish() {
  for (const auto& [key, node] : *table_) {
    if (known_.contains(key.str())) continue;
    const auto nearest = std::ranges::min_element(
        known_, {}, [&](const std::string& k) { return distance(k, key.str()); });
    const bool close =
        nearest != known_.end() &&
        distance(*nearest, key.str()) <= std::max<std::size_t>(2, key.str().size() / 3);
    const Place at{*path_, key.source().begin.line, key.source().begin.column};
    problems_->add(
        at, fmt::format("unknown key '{}'{}", key.str(), name_.empty() ? "" : " in " + name_),
        close ? fmt::format("did you mean '{}'?", *nearest)
              : fmt::format("expected one of: {}", fmt::join(known_, ", ")),
        full_name(key.str()));
  }
}

}  // namespace jumpgate::config
