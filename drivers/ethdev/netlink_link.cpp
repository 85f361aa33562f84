#include "ethdev/netlink_link.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::ethdev {

std::expected<NetlinkLink, std::string> NetlinkLink::open(const std::string& interface) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0)
    return std::unexpected(
        fmt::format("there is no interface '{}'; the ones there are: ip -brief link", interface));
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return std::unexpected(fmt::format("netlink: {}", std::strerror(errno)));
  NetlinkLink link{fd, static_cast<int>(index), interface};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::unexpected(fmt::format("netlink: {}", std::strerror(errno)));
  link.read_state();
  return link;
}

NetlinkLink::NetlinkLink(int fd, int index, std::string interface)
    : fd_{fd}, index_{index}, interface_{std::move(interface)} {}

NetlinkLink::NetlinkLink(NetlinkLink&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      index_{other.index_},
      interface_{std::move(other.interface_)},
      up_{other.up_} {}

NetlinkLink& NetlinkLink::operator=(NetlinkLink&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(index_, other.index_);
  std::swap(interface_, other.interface_);
  std::swap(up_, other.up_);
  return *this;
}

NetlinkLink::~NetlinkLink() {
  if (fd_ >= 0) ::close(fd_);
}

// "carrier" reads 1 only when the interface is up and its peer is too; it can not be read at all while it is down.
void NetlinkLink::read_state() {
  std::ifstream in(fmt::format("/sys/class/net/{}/carrier", interface_));
  int carrier = 0;
  up_ = static_cast<bool>(in >> carrier) && carrier == 1;
}

bool NetlinkLink::poll() {
  alignas(nlmsghdr) std::array<char, 16384> buffer;
  bool changed = false;
  for (;;) {
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    // An overrun lost messages, which the query below makes good.
    if (size < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (size <= 0) break;
    changed = true;
  }
  if (changed) read_state();
  return up_;
}

}  // namespace jumpgate::ethdev
