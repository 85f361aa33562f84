#include "audit/log_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ranges>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/json_line.hpp"

namespace jumpgate::audit {
namespace {

std::string failure(const std::string& path, int error) {
  return fmt::format("can not read {}: {}", path, std::strerror(error));
}

// Joins what is read to lines.
class LineSplitter {
 public:
  LineSplitter(std::size_t file, const std::function<void(const LogLine&)>& on_line)
      : file_(file), on_line_(on_line) {}

  void take(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      keep(text.substr(0, end));
      if (end == std::string_view::npos) return;
      hand_out(true);
      text.remove_prefix(end + 1);
    }
  }
  void finish() {
    if (length_ > 0) hand_out(false);
  }

 private:
  void keep(std::string_view part) {
    length_ += part.size();
    line_ += part.substr(0, kMaxLine - std::min(kMaxLine, line_.size()));
  }
  void hand_out(bool ended) {
    // With its newline a line has at most kMaxLine bytes.
    on_line_({.text = line_,
              .at = {.file = file_, .line = ++number_},
              .ended = ended,
              .too_long = length_ >= kMaxLine});
    line_.clear();
    length_ = 0;
  }

  std::size_t file_;
  const std::function<void(const LogLine&)>& on_line_;
  std::string line_;
  std::size_t length_{0};
  std::uint64_t number_{0};
};

}  // namespace

std::expected<LogFiles, std::string> LogFiles::open(std::vector<std::string> paths) {
  LogFiles log;
  std::vector<std::pair<dev_t, ino_t>> seen;
  // From the newest on: a file that is rotated meanwhile shows up again under its older name.
  for (const std::string& path : paths | std::views::reverse) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(failure(path, errno));
    log.files_.push_back(fd);
    log.paths_.push_back(path);
    struct stat status{};
    if (::fstat(fd, &status) != 0) return std::unexpected(failure(path, errno));
    const std::pair identity{status.st_dev, status.st_ino};
    if (std::ranges::find(seen, identity) != seen.end()) {
      ::close(fd);
      log.files_.pop_back();
      log.paths_.pop_back();
    }
    seen.push_back(identity);
  }
  std::ranges::reverse(log.files_);
  std::ranges::reverse(log.paths_);
  return log;
}

std::expected<LogFiles, std::string> LogFiles::open_rotated(const std::string& path,
                                                            std::uint64_t keep) {
  std::vector<std::string> paths{path};
  for (std::uint64_t i = 1; i <= keep; ++i) {
    std::string older = fmt::format("{}.{}", path, i);
    if (::access(older.c_str(), F_OK) != 0) break;
    paths.push_back(std::move(older));
  }
  std::ranges::reverse(paths);
  return open(std::move(paths));
}

LogFiles::LogFiles(LogFiles&& other) noexcept
    : paths_(std::move(other.paths_)), files_(std::exchange(other.files_, {})) {}

LogFiles::~LogFiles() {
  for (const int fd : files_)
    ::close(fd);
}

std::expected<void, std::string> LogFiles::read(
    const std::function<void(const LogLine&)>& on_line) {
  std::array<char, 65536> buffer{};
  for (std::size_t i = 0; i < files_.size(); ++i) {
    LineSplitter splitter(i, on_line);
    for (;;) {
      const ssize_t size = ::read(files_[i], buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return std::unexpected(failure(paths_[i], errno));
      if (size == 0) break;
      splitter.take({buffer.data(), static_cast<std::size_t>(size)});
    }
    splitter.finish();
  }
  return {};
}

}  // namespace jumpgate::audit
