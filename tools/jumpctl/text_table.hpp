/// Columns of text for people: aligned, header first, numbers to the right.
///
/// Bound: its rows, which the caller bounds by paging. Failure: none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace jumpgate::jumpctl {

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
  std::string title;
  Align align{Align::kLeft};
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);
  /// Lines without trailing spaces, each with its newline.
  [[nodiscard]] std::string render() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "0 B", "1023 B", "1.5 MiB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// "350 ms", "4.2 s", "3 min 20 s", "2 h 05 min", "3 d 4 h".
[[nodiscard]] std::string human_time(std::uint64_t milliseconds);

}  // namespace jumpgate::jumpctl
