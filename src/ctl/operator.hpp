/// What an operator may see of the sessions, and the way requests of other threads reach the
/// controller.
///
/// Views: plain values, made on the controller's thread; src/app gives them their form for the
/// control socket. Mailbox: a bounded queue of requests; another thread posts one and waits for its
/// answer, the controller runs them between ticks, kRequestsPerTick at most. Bound: kMaxRequests
/// waiting; a page looks at kSlotsPerPage slots at most. Failure: a full or unanswered mailbox is
/// an empty answer: busy, try again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "ctl/core.hpp"

namespace jumpgate::ctl {

struct SessionView {
  SessionId id;
  std::string peer;
  State state{};
  Reason last_reason{Reason::kNone};
  std::optional<Endpoint> endpoint;
  std::vector<IpPrefix> inner_addresses;
  Suite suite{};
  TrafficFigures figures;
  MonoNs created_at{};
  std::uint64_t commits{0};
  std::uint64_t state_version{0};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint32_t root_generation{0};
  bus::SessionRef ref;
};

struct SessionPageView {
  std::vector<SessionView> sessions;
  std::optional<std::uint64_t> next;  // offset of the next page; nothing: that was the last
};

class Views {
 public:
  /// Slots looked at for one page: a sparse table costs pages, not a long tick.
  static constexpr std::uint32_t kSlotsPerPage = 16384;

  explicit Views(Core& core) : core_(core) {}

  /// Sessions from slot `offset` on, at most `most`; the order is that of the slots, stable while
  /// sessions live.
  [[nodiscard]] SessionPageView page(std::uint64_t offset, std::size_t most);
  [[nodiscard]] std::optional<SessionView> session(const SessionId& id);
  /// The session beyond BIRTH of the peer of this name, else its BIRTH.
  [[nodiscard]] std::optional<SessionView> session_of_peer(std::string_view name);
  [[nodiscard]] std::uint32_t sessions() const { return core_.sessions.size(); }
  [[nodiscard]] std::uint32_t max_sessions() const { return core_.sessions.capacity(); }
  [[nodiscard]] std::uint64_t attached() const { return core_.attached; }
  [[nodiscard]] std::uint64_t policy_version() const { return core_.policies.version(); }

 private:
  [[nodiscard]] SessionView view(const Session& session) const;

  Core& core_;
};

class Mailbox {
 public:
  static constexpr std::size_t kMaxRequests = limits::kMaxApiClients;
  static constexpr std::size_t kRequestsPerTick = 2;

  /// Runs `request` on the controller's thread and waits for it at most `patience`. False: busy. A
  /// request that has begun is always waited for, so what it refers to need only live as long as
  /// this call.
  bool call(const std::function<void(MonoNs now)>& request, std::chrono::milliseconds patience);
  /// Controller: runs what waits; returns how many.
  std::size_t serve(MonoNs now);
  /// Controller, at its end: whoever waits is told that nobody answers.
  void close();

 private:
  struct Letter {
    const std::function<void(MonoNs)>* request{nullptr};
    bool begun{false};
    bool done{false};
  };

  std::mutex mutex_;
  std::condition_variable answered_;
  std::deque<std::shared_ptr<Letter>> waiting_;
  bool closed_{false};
};

}  // namespace jumpgate::ctl
