/// Generic checked reading of a TOML table: wrong type, out of range and unknown keys become
/// problems with their place.
///
/// Owner thread: the one that loads. A getter leaves its default in place when the key is absent or
/// wrong, so that one pass finds every fault. finish() reports the keys nobody asked for, with the
/// nearest known one. Errors never throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/time.hpp>

#include "config/problems.hpp"

namespace toml::inline v3 {
class table;  // NOLINT(readability-identifier-naming): as toml++ names them
class node;   // NOLINT(readability-identifier-naming)
}  // namespace toml::inline v3

namespace jumpgate::config {

/// A parsed file.
class TomlDocument {
 public:
  /// nullptr when the file can not be read (limits::kMaxConfigBytes at most) or is no TOML: then
  /// `problems` says why.
  static std::unique_ptr<TomlDocument> load(const std::string& path, Problems& problems);
  static std::unique_ptr<TomlDocument> parse(std::string_view text, const std::string& path,
                                             Problems& problems);
  ~TomlDocument();
  TomlDocument(const TomlDocument&) = delete;
  TomlDocument& operator=(const TomlDocument&) = delete;

  [[nodiscard]] const toml::table& root() const { return *root_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  TomlDocument(std::unique_ptr<toml::table> root, std::string path);
  std::unique_ptr<toml::table> root_;
  std::string path_;
};

/// One table being read.
class TableReader {
 public:
  using Convert = std::function<std::expected<void, std::string>(const std::string&)>;

  TableReader(const TomlDocument& document, Problems& problems);
  TableReader(const TableReader& parent, const toml::table& table, std::string name);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] bool is_empty_list(std::string_view key) const;
  /// All of them, sorted: for tables whose keys are names.
  [[nodiscard]] std::vector<std::string> keys() const;

  // Each leaves `out` alone when the key is absent, or wrong (a problem).
  void boolean(std::string_view key, bool& out);
  template <class Integer>
  void integer(std::string_view key, Integer& out, Integer min, Integer max) {
    std::int64_t value = 0;
    if (read_integer(key, value, static_cast<std::int64_t>(min), static_cast<std::int64_t>(max)))
      out = static_cast<Integer>(value);
  }
  void real(std::string_view key, double& out, double min, double max);
  void string(std::string_view key, std::string& out, std::size_t max_bytes = 4096);
  void duration(std::string_view key, Duration& out, Duration min, Duration max);
  /// An integer of bytes, or a string with a unit.
  void size(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max);
  /// One of `names`; returns its index.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::string_view> names);
  /// A list of strings, each through `convert`, which says what it expected when it refuses one.
  void each_string(std::string_view key, std::size_t max_count, const Convert& convert);
  /// A list of integers; `out` is replaced.
  void integers(std::string_view key, std::vector<std::uint32_t>& out, std::uint32_t max,
                std::size_t max_count);
  /// A string through `convert`, which says what it expected when it refuses it.
  void text(std::string_view key, const Convert& convert);

  /// Reports an absent key.
  void require(std::string_view key);
  /// The sub-table, nullopt when absent (or no table: a problem). Call its finish() too.
  std::optional<TableReader> table(std::string_view key);
  /// The tables of an array of tables, in order.
  std::vector<TableReader> tables(std::string_view key, std::size_t max_count);

  /// A problem at a key of this table (at the table itself when it is absent).
  void problem(std::string_view key, std::string what, std::string expected = {});
  [[nodiscard]] Place place(std::string_view key) const;
  [[nodiscard]] Place place() const;
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Reports every key that was not asked for.
  void finish();

 private:
  bool read_integer(std::string_view key, std::int64_t& out, std::int64_t min, std::int64_t max);
  const toml::node* find(std::string_view key);
  [[nodiscard]] Place place_of(const toml::node& node) const;
  void wrong_type(std::string_view key, std::string_view expected);
  /// The key with the names of its tables before it.
  [[nodiscard]] std::string full_name(std::string_view key) const;

  const toml::table* table_;
  const std::string* path_;
  Problems* problems_;
  std::string name_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace jumpgate::config
