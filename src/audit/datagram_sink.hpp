/// Event lines as datagrams to a local socket: the journal's, or one of the operator's.
///
/// Owner thread: audit. Bound: one datagram a line; nothing is kept. Failure: nobody listens, or
/// the listener does not read: the line is lost for this sink alone, and counted; the next one
/// connects anew. Never waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/sink.hpp"

namespace jumpgate::audit {

/// systemd's native journal protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).
inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

class DatagramSink final : public Sink {
 public:
  enum class Form : std::uint8_t {
    kLine,     // the JSON line with its newline
    kJournal,  // a journal entry: the line as MESSAGE, and fields to select by
  };
  DatagramSink(std::string path, Form form) : path_(std::move(path)), form_(form) {}
  DatagramSink(const DatagramSink&) = delete;
  DatagramSink& operator=(const DatagramSink&) = delete;
  DatagramSink(DatagramSink&&) = delete;
  DatagramSink& operator=(DatagramSink&&) = delete;
  ~DatagramSink() override;

  bool write(const Event& event, std::string_view line) override;
  [[nodiscard]] std::string_view name() const override { return path_; }

 private:
  bool connect();
  void close();

  std::string path_;
  Form form_;
  int fd_{-1};
};

}  // namespace jumpgate::audit
