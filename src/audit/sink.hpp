/// Where event lines go.
///
/// Purpose: the contract of a sink, and the two every program has: a rotating file and stderr.
/// Owner thread: audit; none of this is ever called by a publisher. Bound: files by size and
/// number, one line at a time. Failure: a line that can not be written at once is lost for that
/// sink alone; AuditThread counts it and has the sink told with an EventsLost line when it works
/// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/event.hpp"

namespace jumpgate::audit {

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  Sink(Sink&&) = delete;
  Sink& operator=(Sink&&) = delete;
  virtual ~Sink() = default;

  /// Writes one line (newline included), whole or not at all. False: lost. Must not wait for a
  /// reader.
  virtual bool write(const Event& event, std::string_view line) = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
};

/// JSON Lines in a file, rotated by size: PATH, PATH.1 (newer) .. PATH.n (oldest). A file that can
/// not be opened or written is tried again at the next event. A path that is a pipe or a device is
/// written to as it is, without waiting and without rotation.
class FileSink final : public Sink {
 public:
  struct Options {
    std::string path;
    std::uint64_t max_bytes{std::uint64_t{64} << 20};  // of one file
    unsigned max_files{8};                             // PATH and max_files - 1 older ones
  };
  explicit FileSink(Options options);
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  FileSink(FileSink&&) = delete;
  FileSink& operator=(FileSink&&) = delete;
  ~FileSink() override;

  /// Opens the file before the first event, so that people hear of it at the start when it can not
  /// be: false, and errno says why.
  [[nodiscard]] bool open();
  bool write(const Event& event, std::string_view line) override;
  [[nodiscard]] std::string_view name() const override { return options_.path; }

 private:
  void close();
  void rotate();

  Options options_;
  int fd_{-1};
  std::uint64_t size_{0};
  bool regular_{true};  // a file, and no pipe or device
};

/// Lines to a descriptor that is not ours to configure (stderr). A pipe whose reader does not read
/// costs lines, not time.
class StreamSink final : public Sink {
 public:
  explicit StreamSink(int fd, std::string name = "stderr") : fd_(fd), name_(std::move(name)) {}
  bool write(const Event& event, std::string_view line) override;
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  int fd_;
  std::string name_;
};

}  // namespace jumpgate::audit
