#include "udp/link_monitor.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::udp {
namespace {

/// Bursts of notices (an interface that leaves takes its addresses and routes along) fit one read.
constexpr std::size_t kNoticeBuffer = 16384;
/// Reads at one go, so that a storm of notices can not hold the loop.
constexpr unsigned kMaxReadsAtOnce = 64;

bool usable_v6(const sockaddr* address) {
  sockaddr_in6 in6{};
  std::memcpy(&in6, address, sizeof in6);
  return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
}

}  // namespace

std::expected<std::unique_ptr<LinkMonitor>, std::string> LinkMonitor::open() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return std::unexpected(std::string("netlink socket: ") + std::strerror(errno));
  std::unique_ptr<LinkMonitor> monitor(new LinkMonitor(fd));
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return std::unexpected(std::string("netlink bind: ") + std::strerror(errno));
  }
  return monitor;
}

LinkMonitor::~LinkMonitor() {
  ::close(fd_);
}

bool LinkMonitor::poll() {
  std::array<char, kNoticeBuffer>
      buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
  bool changed = false;
  for (unsigned i = 0; i < kMaxReadsAtOnce; ++i) {
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) {
      changed = true;
      continue;
    }
    if (n < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    break;
  }
  return changed;
}

LinkState LinkMonitor::state(const std::string& interface) {
  LinkState state;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return state;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (interface != entry->ifa_name) continue;
    state.present = true;
    state.running = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_RUNNING) != 0;
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) state.has_v4 = true;
    if (entry->ifa_addr->sa_family == AF_INET6 && usable_v6(entry->ifa_addr)) state.has_v6 = true;
  }
  ::freeifaddrs(list);
  return state;
}

}  // namespace jumpgate::udp
