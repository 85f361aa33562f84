#include "link_faulty/packet_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <unistd.h>

namespace jumpgate::link_faulty {
namespace {

std::unexpected<std::string> failure(const std::string& interface, const char* what) {
  return std::unexpected(fmt::format("{}: {}: {}", interface, what, std::strerror(errno)));
}

template <typename Value>
bool set_option(int fd, int level, int name, const Value& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace

std::expected<PacketSocket, std::string> PacketSocket::open(const std::string& interface,
                                                            std::size_t frame_bytes) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) {
    return failure(interface, "no such interface in this namespace");
  }
  // Protocol 0 receives nothing until the bind below, so no frame of another interface slips in.
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return failure(interface, "packet socket");
  }
  PacketSocket socket(fd, frame_bytes);

  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = static_cast<int>(index);
  promiscuous.mr_type = PACKET_MR_PROMISC;
  // Without PACKET_IGNORE_OUTGOING the relay would read back what it sends, and relay it again.
  if (!set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) ||
      !set_option(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous) ||
      !set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kSocketBuffer) ||
      !set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSocketBuffer)) {
    return failure(interface, "socket option");
  }

  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(interface, "bind");
  }
  return socket;
}

PacketSocket::PacketSocket(int fd, std::size_t frame_bytes)
    : fd_(fd), frame_bytes_(frame_bytes), buffer_(kBatch * frame_bytes) {}

PacketSocket::PacketSocket(PacketSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      frame_bytes_(other.frame_bytes_),
      buffer_(std::move(other.buffer_)) {}

PacketSocket::~PacketSocket() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

std::span<const PacketSocket::Received> PacketSocket::receive() {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {.iov_base = &buffer_[i * frame_bytes_], .iov_len = frame_bytes_};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = ::recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (count <= 0) {
    return {};
  }
  const auto filled = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < filled; ++i) {
    const std::size_t length = messages[i].msg_len;
    received_[i] = {.frame = {&buffer_[i * frame_bytes_], std::min(length, frame_bytes_)},
                    .truncated = length > frame_bytes_};
  }
  return {received_.data(), filled};
}

std::size_t PacketSocket::send(std::span<const std::span<const std::byte>> frames) {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors{};
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    // The kernel only reads what sendmmsg is given; iovec has no const form.
    vectors[i] = {.iov_base = const_cast<std::byte*>(frames[i].data()),
                  .iov_len = frames[i].size()};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t taken = 0;
  for (std::size_t next = 0; next < count;) {
    const int sent =
        ::sendmmsg(fd_, &messages[next], static_cast<unsigned>(count - next), MSG_DONTWAIT);
    if (sent > 0) {
      taken += static_cast<std::size_t>(sent);
      next += static_cast<std::size_t>(sent);
    } else {
      ++next;  // this one is refused (interface down, too long, no buffer): lost, the next may pass
    }
  }
  return taken;
}

}  // namespace jumpgate::link_faulty
