#include "record/record_file.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace jumpgate::record {
namespace {

/// How long bytes may wait in the ring.
constexpr std::chrono::milliseconds kPause{10};

/// FILE becomes FILE.1, and so on; the oldest goes.
void make_room(const RecordFile::Options& options) {
  std::error_code ignored;  // what can not be moved shows when the file is made
  const auto numbered = [&](std::uint32_t i) {
    return i == 0 ? options.path : options.path + "." + std::to_string(i);
  };
  std::filesystem::create_directories(std::filesystem::path(options.path).parent_path(), ignored);
  std::filesystem::remove(numbered(options.keep), ignored);
  for (std::uint32_t i = options.keep; i > 0; --i)
    std::filesystem::rename(numbered(i - 1), numbered(i), ignored);
}

}  // namespace

std::expected<std::unique_ptr<RecordFile>, std::string> RecordFile::open(const Options& options) {
  make_room(options);
  const int fd =
      ::open(options.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return std::unexpected("record.file " + options.path +
                           " can not be made: " + std::strerror(errno));
  return std::unique_ptr<RecordFile>(new RecordFile(fd, options.max_bytes));
}

RecordFile::RecordFile(int fd, std::uint64_t max_bytes)
    : fd_(fd),
      room_(max_bytes),
      ring_(kRing),
      writer_([this](const std::stop_token& stop) { run(stop); }) {}

RecordFile::~RecordFile() {
  writer_.request_stop();
  writer_.join();
  ::close(fd_);
}

bool RecordFile::write(std::span<const std::uint8_t> bytes) {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t used = head - tail_.load(std::memory_order_acquire);
  if (failed_.load(std::memory_order_relaxed) || bytes.size() > room_ ||
      bytes.size() > kRing - used)
    return false;
  room_ -= bytes.size();
  const std::size_t at = head % kRing;
  const std::size_t first = std::min(bytes.size(), kRing - at);
  std::ranges::copy(bytes.first(first), ring_.begin() + static_cast<std::ptrdiff_t>(at));
  std::ranges::copy(bytes.subspan(first), ring_.begin());
  head_.store(head + bytes.size(), std::memory_order_release);
  return true;
}

void RecordFile::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    drain();
    std::this_thread::sleep_for(kPause);
  }
  drain();
}

void RecordFile::drain() {
  std::size_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t head = head_.load(std::memory_order_acquire);
  while (tail != head && !failed_.load(std::memory_order_relaxed)) {
    const std::size_t at = tail % kRing;
    const std::size_t size = std::min(head - tail, kRing - at);
    const ssize_t written = ::write(fd_, ring_.data() + at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      failed_.store(true, std::memory_order_relaxed);
      return;
    }
    tail += static_cast<std::size_t>(written);
    tail_.store(tail, std::memory_order_release);
  }
}

}  // namespace jumpgate::record
