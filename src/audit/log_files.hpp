/// The lines of an event log that lies in one file or, rotated, in several.
///
/// Purpose: hand out line after line, each with its place.
/// Owner thread: its owner's. Bound: one line of kMaxLine bytes in memory; a longer one is cut and
/// marked. Failure: a file that can not be opened or read is named, with the reason.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace jumpgate::audit {

/// Where a line stands.
struct LineAt {
  std::size_t file{0};    // index into the files, in the order they were given
  std::uint64_t line{0};  // from 1
  auto operator<=>(const LineAt&) const = default;
};

struct LogLine {
  std::string_view text;  // without its newline; valid during the call
  LineAt at{};
  bool ended{true};      // by a newline
  bool too_long{false};  // the text is its beginning
};

class LogFiles {
 public:
  /// `paths` from the oldest to the newest. Files that are there twice (rotated away while being
  /// opened) are read once. All are opened here, so that a later rotation does no harm.
  [[nodiscard]] static std::expected<LogFiles, std::string> open(std::vector<std::string> paths);
  /// A gateway's log: PATH and what was rotated away from it, PATH.1 (newer) to PATH.keep.
  [[nodiscard]] static std::expected<LogFiles, std::string> open_rotated(const std::string& path,
                                                                         std::uint64_t keep);

  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;
  LogFiles(LogFiles&& other) noexcept;
  LogFiles& operator=(LogFiles&&) = delete;
  ~LogFiles();

  /// Every line, once. To be called once.
  [[nodiscard]] std::expected<void, std::string> read(
      const std::function<void(const LogLine&)>& on_line);

  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

 private:
  LogFiles() = default;

  std::vector<std::string> paths_;
  std::vector<int> files_;
};

}  // namespace jumpgate::audit
