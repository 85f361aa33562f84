/// What an operator may see of the sessions: plain values; src/app gives them their form for the control socket.
///
/// Owner thread: the controller's; other threads ask through ctl/mailbox.hpp. Bound: a page looks at kSlotsPerPage
/// slots at most. Failure: what is not there is an empty answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace jumpgate::ctl
