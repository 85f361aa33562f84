#include "audit/audit_thread.hpp"

#include <chrono>
#include <span>
#include <utility>
#include <variant>

#include "audit/json_line.hpp"
#include "base/invariant.hpp"

namespace jumpgate::audit {

AuditThread::AuditThread(EventLog& log, std::string node_id, std::function<std::uint64_t()> wall_ms)
    : log_(log), node_id_(std::move(node_id)), wall_ms_(std::move(wall_ms)), batch_(kDrainBatch) {}

AuditThread::~AuditThread() {
  stop();
}

void AuditThread::add_sink(std::unique_ptr<Sink> sink) {
  JG_INVARIANT(!thread_.joinable());
  outlets_.push_back(Outlet{std::move(sink)});
}

void AuditThread::start() {
  JG_INVARIANT(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void AuditThread::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::size_t AuditThread::drain() {
  const std::size_t count = log_.take(batch_);
  if (count == 0) return 0;
  const std::uint64_t ts_ms = wall_ms_();
  for (const Event& event : std::span(batch_).first(count)) {
    const std::string line = to_json_line(event, node_id_, ts_ms);
    for (Outlet& outlet : outlets_)
      deliver(outlet, event, line, ts_ms);
  }
  return count;
}

void AuditThread::deliver(Outlet& outlet, const Event& event, std::string_view line,
                          std::uint64_t ts_ms) {
  if (outlet.first_lost != 0) {
    Event loss;
    loss.seq = outlet.last_lost;  // stands in the place of what is missing
    loss.mono = event.mono;
    loss.type = EventType::kEventsLost;
    loss.policy_version = event.policy_version;
    loss.detail =
        LostDetail{outlet.last_lost - outlet.first_lost + 1, outlet.first_lost, outlet.last_lost};
    if (outlet.sink->write(loss, to_json_line(loss, node_id_, ts_ms))) outlet.first_lost = 0;
  }
  if (outlet.first_lost == 0 && outlet.sink->write(event, line)) return;
  if (outlet.first_lost == 0) {
    // What an EventsLost event would have told is missing as well.
    const auto* told = std::get_if<LostDetail>(&event.detail);
    outlet.first_lost = told != nullptr ? told->first_seq : event.seq;
  }
  outlet.last_lost = event.seq;
  lost_.fetch_add(1, std::memory_order_relaxed);
}

void AuditThread::run() {
  for (;;) {
    bool stopping = false;
    if (drain() == 0) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::nanoseconds(kDrainInterval.ns),
                     [this] { return stopping_; });
      stopping = stopping_;
    } else {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
    }
    if (stopping) break;
  }
  // Bounded even if somebody still publishes.
  for (std::size_t left = limits::kEventRing / kDrainBatch + 1; left > 0 && drain() > 0; --left) {
  }
}

}  // namespace jumpgate::audit
