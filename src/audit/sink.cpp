#include "audit/sink.hpp"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jumpgate::audit {

namespace {

ssize_t write_once(int fd, std::string_view line) {
  for (;;) {
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written >= 0 || errno != EINTR) return written;
  }
}

// Readable by root and its group: events name peers and addresses.
constexpr mode_t kFileMode = 0640;

}  // namespace

FileSink::FileSink(Options options) : options_(std::move(options)) {}

FileSink::~FileSink() {
  close();
}

bool FileSink::write(const Event& /*event*/, std::string_view line) {
  if (fd_ >= 0 && regular_ && size_ != 0 && size_ + line.size() > options_.max_bytes) rotate();
  if (fd_ < 0 && !open()) return false;
  const ssize_t written = write_once(fd_, line);
  if (std::cmp_equal(written, line.size())) {
    size_ += line.size();
    return true;
  }
  // A torn line would spoil the next one too. If even this fails the file is given up.
  if (written > 0 && regular_ && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) close();
  if (written < 0 && errno != ENOSPC && errno != EDQUOT && errno != EAGAIN) close();
  return false;
}

bool FileSink::open() {
  // A pipe that nobody reads must cost lines, not time.
  fd_ = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC,
               kFileMode);
  if (fd_ < 0) return false;
  struct stat status{};
  if (::fstat(fd_, &status) != 0) {
    close();
    return false;
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  regular_ = S_ISREG(status.st_mode);
  return true;
}

void FileSink::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void FileSink::rotate() {
  close();
  const auto numbered = [this](unsigned number) {
    return number == 0 ? options_.path : fmt::format("{}.{}", options_.path, number);
  };
  if (options_.max_files <= 1) {
    static_cast<void>(::unlink(options_.path.c_str()));
    return;
  }
  // A missing older file is no fault, and what can not be renamed is overwritten next time.
  for (unsigned number = options_.max_files - 1; number > 0; --number) {
    static_cast<void>(std::rename(numbered(number - 1).c_str(), numbered(number).c_str()));
  }
}

bool StreamSink::write(const Event& /*event*/, std::string_view line) {
  pollfd ready{fd_, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  // A pipe that is ready takes PIPE_BUF bytes whole; no line is longer.
  return std::cmp_equal(write_once(fd_, line), line.size());
}

}  // namespace jumpgate::audit
