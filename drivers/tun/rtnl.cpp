#include "tun/rtnl.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.hpp"

namespace jumpgate::tun {
namespace {

template <typename Body>
struct Request {
  nlmsghdr header{};
  Body body{};
  std::array<std::uint8_t, 128> attributes{};

  Request(std::uint16_t type, std::uint16_t flags) {
    header.nlmsg_len = NLMSG_LENGTH(sizeof(Body));
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }

  void add(std::uint16_t type, std::span<const std::uint8_t> value) {
    rtattr attribute{};
    attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
    attribute.rta_type = type;
    const std::size_t at = NLMSG_ALIGN(header.nlmsg_len) - NLMSG_LENGTH(sizeof(Body));
    std::memcpy(attributes.data() + at, &attribute, sizeof attribute);
    std::memcpy(attributes.data() + at + RTA_LENGTH(0), value.data(), value.size());
    header.nlmsg_len =
        static_cast<std::uint32_t>(NLMSG_ALIGN(header.nlmsg_len) + RTA_ALIGN(attribute.rta_len));
  }

  void add_u32(std::uint16_t type, std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    add(type, bytes);
  }
};

/// One attribute as bytes, to be nested in another.
std::vector<std::uint8_t> attribute(std::uint16_t type, std::span<const std::uint8_t> value) {
  rtattr head{};
  head.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
  head.rta_type = type;
  std::vector<std::uint8_t> bytes(RTA_SPACE(value.size()));
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + RTA_LENGTH(0), value.data(), value.size());
  return bytes;
}

std::uint8_t family_of(const IpAddress& address) {
  return address.family == IpFamily::kV6 ? AF_INET6 : AF_INET;
}

std::span<const std::uint8_t> bytes_of(const IpAddress& address) {
  return std::span(address.bytes).first(address.family == IpFamily::kV6 ? 16 : 4);
}

}  // namespace

Rtnl::Rtnl(const std::string& interface)
    : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)),
      index_(static_cast<int>(::if_nametoindex(interface.c_str()))) {}

Rtnl::~Rtnl() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Rtnl::transact(void* message, const std::string& what) {
  auto* header = static_cast<nlmsghdr*>(message);
  header->nlmsg_seq = ++sequence_;
  if (fd_ < 0 || index_ == 0) return what + ": no such interface, or no netlink";
  if (::send(fd_, message, header->nlmsg_len, 0) < 0) return what + ": " + std::strerror(errno);
  alignas(nlmsghdr) std::array<char, 4096> answer{};
  const ssize_t n = ::recv(fd_, answer.data(), answer.size(), 0);
  nlmsghdr head{};
  nlmsgerr error{};
  if (n < static_cast<ssize_t>(NLMSG_LENGTH(sizeof error)))
    return what + ": no answer from netlink";
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.nlmsg_type != NLMSG_ERROR) return what + ": unexpected answer from netlink";
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  if (error.error == 0 || error.error == -EEXIST) return {};
  return what + ": " + std::strerror(-error.error);
}

std::string Rtnl::set_up(std::uint16_t mtu) {
  Request<ifinfomsg> first(RTM_NEWLINK, 0);
  first.body.ifi_family = AF_UNSPEC;
  first.body.ifi_index = index_;
  first.add_u32(IFLA_MTU, mtu);
  // No link-local address of the kernel's own making: nobody routes it, and its router
  // solicitations would only be dropped at the gateway. A kernel without IPv6 refuses it, rightly.
  const std::uint8_t none = IN6_ADDR_GEN_MODE_NONE;
  const auto mode = attribute(IFLA_INET6_ADDR_GEN_MODE, {&none, 1});
  Request<ifinfomsg> quiet = first;
  quiet.add(IFLA_AF_SPEC | NLA_F_NESTED, attribute(AF_INET6 | NLA_F_NESTED, mode));
  (void)transact(&quiet, "no link-local address");

  // A request of its own: in one, the interface would be up before the mode is set.
  first.body.ifi_flags = IFF_UP;
  first.body.ifi_change = IFF_UP;
  return transact(&first, "setting the tunnel interface up");
}

std::string Rtnl::address_request(const IpPrefix& address, std::uint16_t type,
                                  std::uint16_t flags) {
  Request<ifaddrmsg> request(type, flags);
  request.body.ifa_family = family_of(address.address);
  request.body.ifa_prefixlen = address.length;
  request.body.ifa_index = static_cast<std::uint32_t>(index_);
  request.body.ifa_scope = RT_SCOPE_UNIVERSE;
  // No one else is on this link, so duplicate address detection would only delay the first packets.
  if (address.address.family == IpFamily::kV6) request.body.ifa_flags = IFA_F_NODAD;
  request.add(IFA_LOCAL, bytes_of(address.address));
  request.add(IFA_ADDRESS, bytes_of(address.address));
  return transact(&request, "inner address " + base::format_prefix(address));
}

std::string Rtnl::add_address(const IpPrefix& address) {
  return address_request(address, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
}

std::string Rtnl::remove_address(const IpPrefix& address) {
  return address_request(address, RTM_DELADDR, 0);
}

std::string Rtnl::route_request(const IpPrefix& prefix) {
  Request<rtmsg> request(RTM_NEWROUTE, NLM_F_CREATE);
  request.body.rtm_family = family_of(prefix.address);
  request.body.rtm_dst_len = prefix.length;
  request.body.rtm_table = RT_TABLE_MAIN;
  request.body.rtm_protocol = RTPROT_STATIC;
  request.body.rtm_scope =
      prefix.address.family == IpFamily::kV6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  request.body.rtm_type = RTN_UNICAST;
  request.add(RTA_DST, bytes_of(prefix.address));
  request.add_u32(RTA_OIF, static_cast<std::uint32_t>(index_));
  return transact(&request, "route " + base::format_prefix(prefix) + " into the tunnel");
}

std::string Rtnl::add_route(const IpPrefix& prefix) {
  if (prefix.length != 0) return route_request(prefix);
  IpPrefix half{.address = prefix.address, .length = 1};
  half.address.bytes = {};
  if (std::string error = route_request(half); !error.empty()) return error;
  half.address.bytes[0] = 0x80;
  return route_request(half);
}

}  // namespace jumpgate::tun
