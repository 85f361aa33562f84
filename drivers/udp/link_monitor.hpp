/// Watches the host's interfaces and addresses over rtnetlink.
///
/// Purpose: tell the client at once that an uplink lost its link or its address, or has one again.
/// Owner thread: the client's loop, alone. Non-blocking.
/// Bound: no state is kept: each poll() compares nothing and remembers nothing; a message only says
/// "look again",
///   and state() asks the kernel for the interface's present condition.
/// Failure: open() says why. A full netlink buffer (ENOBUFS) counts as a change: the caller looks
/// again.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include <jumpgate/types.hpp>

namespace jumpgate::udp {

/// What one interface can carry now.
struct LinkState {
  bool present{false};
  bool running{false};         // administratively up and the carrier is there
  bool has_v4{false};          // an IPv4 address beyond link-local
  bool has_v6{false};          // a usable IPv6 address beyond link-local
  unsigned index{0};           // another number means another interface of the same name
  std::uint64_t addresses{0};  // a digest of the addresses: another value means they changed

  [[nodiscard]] bool usable(IpFamily family) const {
    return present && running && (family == IpFamily::kV4 ? has_v4 : has_v6);
  }
  bool operator==(const LinkState&) const = default;
};

class LinkMonitor {
 public:
  static std::expected<std::unique_ptr<LinkMonitor>, std::string> open();
  ~LinkMonitor();
  LinkMonitor(const LinkMonitor&) = delete;
  LinkMonitor& operator=(const LinkMonitor&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// Empties the queue of notices; true when something about links, addresses or routes changed.
  bool poll();
  /// The interface's condition now.
  [[nodiscard]] static LinkState state(const std::string& interface);

 private:
  explicit LinkMonitor(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace jumpgate::udp
