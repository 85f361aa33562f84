/// Link state of a kernel interface by rtnetlink, for drivers that report "up" for ever.
///
/// Owner thread: the controller's. Non-blocking: poll() reads what the kernel has queued. Bound:
/// one socket; an overrun is answered with a fresh query. Failure: an interface that is gone is
/// down.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace jumpgate::ethdev {

class NetlinkLink {
 public:
  static std::expected<NetlinkLink, std::string> open(const std::string& interface);
  NetlinkLink(NetlinkLink&& other) noexcept;
  NetlinkLink& operator=(NetlinkLink&& other) noexcept;
  ~NetlinkLink();

  /// Drains the socket; the state after it (administratively up and with carrier).
  bool poll();
  [[nodiscard]] bool up() const { return up_; }
  /// Readable when something changed.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  NetlinkLink(int fd, int index, std::string interface);
  void read_state();
  int fd_{-1};
  int index_{0};
  std::string interface_;
  bool up_{false};
};

}  // namespace jumpgate::ethdev
