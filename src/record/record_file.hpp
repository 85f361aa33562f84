/// Where a recording goes: a file, written by a thread of its own so that the controller never waits
/// for a disk.
///
///   controller: write() ──► ring of kRing bytes ──► writer thread ──► FILE
///
/// A recording begins with the program, so each start makes a file of its own and keeps the newest
/// few of those before: FILE.1, FILE.2 and so on. Owner threads: write() is the controller's, the
/// file the writer's. Bound: max_bytes a file, `keep` files besides it, kRing bytes of memory.
/// Failure: open() says why; bytes that find no room in the ring or in the file are refused, and all
/// after them, since a recording with a gap is none. A disk that fails is seen at the next write().
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace jumpgate::record {

class RecordFile {
 public:
  struct Options {
    std::string path;
    std::uint64_t max_bytes{0};
    std::uint32_t keep{0};
  };
  /// A power of two. A second's worth of a busy controller, while a disk makes up its mind.
  static constexpr std::size_t kRing = std::size_t{8} << 20;

  static std::expected<std::unique_ptr<RecordFile>, std::string> open(const Options& options);
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;
  /// Writes what is left.
  ~RecordFile();

  bool write(std::span<const std::uint8_t> bytes);

 private:
  RecordFile(int fd, std::uint64_t max_bytes);
  void run(const std::stop_token& stop);
  /// What is in the ring, to the file.
  void drain();

  int fd_;
  std::uint64_t room_;  // bytes that the file may still get
  std::vector<std::uint8_t> ring_;
  std::atomic<bool> failed_{false};
  alignas(64) std::atomic<std::size_t> head_{0};  // next to write into the ring
  alignas(64) std::atomic<std::size_t> tail_{0};  // next to write to the file
  std::jthread writer_;
};

}  // namespace jumpgate::record
