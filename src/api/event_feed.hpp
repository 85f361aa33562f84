/// Lines on their way from the audit thread to the followers of the control socket.
///
/// Purpose: the hand-over between two threads: `publish` on one side, the server on the other.
/// Bound: kFeedLines lines. Failure: a full feed loses lines, counted exactly; nobody waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "api/framing.hpp"
#include "audit/sink.hpp"

namespace jumpgate::api {

/// A second of events at a thousand transitions a second; 4 MiB at the longest lines.
inline constexpr std::size_t kFeedLines = 1024;

class EventFeed {
 public:
  EventFeed();

  /// Any thread. Cheap while nobody follows.
  void publish(std::string_view line);

  /// The server's side: readable when there is something to take.
  [[nodiscard]] int fd() const { return wake_.fd(); }
  struct Taken {
    std::deque<std::string> lines;
    std::uint64_t lost{0};  // after these lines
  };
  [[nodiscard]] Taken take();
  /// Somebody follows, or nobody does any more.
  void set_followed(bool followed);

 private:
  std::atomic<bool> followed_{false};
  std::mutex mutex_;
  std::deque<std::string> lines_;
  std::uint64_t lost_{0};
  Socket wake_;
};

/// The feed as a sink of the audit thread.
class FeedSink final : public audit::Sink {
 public:
  explicit FeedSink(EventFeed& feed) : feed_(feed) {}
  bool write(const audit::Event& event, std::string_view line) override;
  [[nodiscard]] std::string_view name() const override { return "followers"; }

 private:
  EventFeed& feed_;
};

}  // namespace jumpgate::api
