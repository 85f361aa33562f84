#include "udp/link_monitor.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::udp {
namespace {

/// Bursts of notices (an interface that leaves takes its addresses and routes along) fit one read.
constexpr std::size_t kNoticeBuffer = 16384;
/// Reads at one go, so that a storm of notices can not hold the loop.
constexpr unsigned kMaxReadsAtOnce = 64;

/// FNV-1a: order matters, and getifaddrs keeps it; a collision costs a rebinding instead of a jump.
std::uint64_t digest(std::uint64_t seed, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  for (std::size_t i = 0; i < size; ++i)
    seed = (seed ^ bytes[i]) * 0x100000001b3ULL;
  return seed;
}

/// Not what a host gives itself where no DHCP answers (RFC 3927).
bool usable_v4(const sockaddr* address) {
  sockaddr_in in{};
  std::memcpy(&in, address, sizeof in);
  return (ntohl(in.sin_addr.s_addr) & 0xffff0000U) != 0xa9fe0000U;
}

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
  state.index = ::if_nametoindex(interface.c_str());
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return state;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (interface != entry->ifa_name) continue;
    state.present = true;
    state.running = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_RUNNING) != 0;
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET && usable_v4(entry->ifa_addr)) {
      sockaddr_in in{};
      std::memcpy(&in, entry->ifa_addr, sizeof in);
      state.has_v4 = true;
      state.addresses = digest(state.addresses, &in.sin_addr, sizeof in.sin_addr);
    }
    if (entry->ifa_addr->sa_family == AF_INET6 && usable_v6(entry->ifa_addr)) {
      sockaddr_in6 in6{};
      std::memcpy(&in6, entry->ifa_addr, sizeof in6);
      state.has_v6 = true;
      state.addresses = digest(state.addresses, &in6.sin6_addr, sizeof in6.sin6_addr);
    }
  }
  ::freeifaddrs(list);
  return state;
}

}  // namespace jumpgate::udp
