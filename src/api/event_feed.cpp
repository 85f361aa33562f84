#include "api/event_feed.hpp"

#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/invariant.hpp"

namespace jumpgate::api {

EventFeed::EventFeed() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  JG_INVARIANT(wake_.is_open());
}

void EventFeed::publish(std::string_view line) {
  if (!followed_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  // Once one is lost the rest waits for the taker, so that all losses stand in one place.
  if (lost_ > 0 || lines_.size() == kFeedLines) {
    ++lost_;
    return;
  }
  lines_.emplace_back(line);
  // An event counter can only be "full" when it is readable already.
  static_cast<void>(::eventfd_write(wake_.fd(), 1));
}

EventFeed::Taken EventFeed::take() {
  eventfd_t wakes = 0;
  static_cast<void>(::eventfd_read(wake_.fd(), &wakes));
  const std::lock_guard lock(mutex_);
  return {std::exchange(lines_, {}), std::exchange(lost_, 0)};
}

void EventFeed::set_followed(bool followed) {
  followed_.store(followed, std::memory_order_relaxed);
  if (followed) return;
  const std::lock_guard lock(mutex_);
  lines_.clear();
  lost_ = 0;
}

bool FeedSink::write(const audit::Event& /*event*/, std::string_view line) {
  feed_.publish(line);
  // What a follower misses it is told of by the server, line by line.
  return true;
}

}  // namespace jumpgate::api
