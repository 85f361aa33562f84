#include "udp/udp_path.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::udp {
namespace {

/// Without GRO from below a burst is as many buffers: what follows (AEAD, joined TCP segments) works
/// on whole bursts.
constexpr std::size_t kRxBuffers = limits::kBurst;
/// The largest UDP payload, which GRO fills a buffer up to; and so much more that the fronts of the
/// buffers, all that single datagrams use, do not share the same few cache sets.
constexpr std::size_t kGroBuffer = 65536 + 2048;
/// Without GRO one datagram a buffer; larger than any that we accept, so that an oversized one is
/// seen as such.
constexpr std::size_t kPlainBuffer = 2048;
/// Most segments the kernel accepts in one UDP_SEGMENT send (UDP_MAX_SEGMENTS since Linux 4.18).
constexpr std::size_t kMaxSegments = 64;
/// Keeps a segmented send below the largest IP packet with every header counted.
constexpr std::size_t kMaxSegmentedBytes = 65000;
/// Entries of the error queue read at one go, so that a flood of ICMP can not hold the loop.
constexpr unsigned kMaxErrorsAtOnce = 64;

union ControlBuffer {
  cmsghdr align;
  std::array<char, 128> bytes;
};

template <typename T>
bool set_option(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

socklen_t to_sockaddr(const Endpoint& endpoint, bool v6_socket, sockaddr_storage& storage) {
  std::memset(&storage, 0, sizeof storage);
  if (!v6_socket) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(endpoint.port);
  auto* address = in6.sin6_addr.s6_addr;
  if (endpoint.address.family == IpFamily::kV4) {
    address[10] = 0xff;  // ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2
    address[11] = 0xff;
    std::memcpy(address + 12, endpoint.address.bytes.data(), 4);
  } else {
    std::memcpy(address, endpoint.address.bytes.data(), 16);
  }
  std::memcpy(&storage, &in6, sizeof in6);
  return sizeof in6;
}

Endpoint from_sockaddr(const sockaddr_storage& storage) {
  Endpoint endpoint;
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    endpoint.address.family = IpFamily::kV4;
    std::memcpy(endpoint.address.bytes.data(), &in.sin_addr, 4);
    endpoint.port = ntohs(in.sin_port);
    return endpoint;
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &storage, sizeof in6);
  endpoint.port = ntohs(in6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
    endpoint.address.family = IpFamily::kV4;
    std::memcpy(endpoint.address.bytes.data(), in6.sin6_addr.s6_addr + 12, 4);
  } else {
    endpoint.address.family = IpFamily::kV6;
    std::memcpy(endpoint.address.bytes.data(), in6.sin6_addr.s6_addr, 16);
  }
  return endpoint;
}

std::string failure(const char* step) {
  return std::string(step) + ": " + std::strerror(errno);
}

/// How many datagrams from the front fit one segmented send: one destination, one traffic class,
/// equal sizes, a shorter one ends it.
std::size_t run_length(std::span<const TxDatagram> datagrams) {
  const std::size_t segment = datagrams.front().bytes.size();
  std::size_t count = 1;
  std::size_t total = segment;
  while (count < datagrams.size() && count < kMaxSegments) {
    const TxDatagram& next = datagrams[count];
    if (next.traffic_class != datagrams.front().traffic_class) break;
    if (next.to != datagrams.front().to || next.bytes.size() > segment || next.bytes.empty()) break;
    if (total + next.bytes.size() > kMaxSegmentedBytes) break;
    total += next.bytes.size();
    ++count;
    if (next.bytes.size() < segment) break;
  }
  return count;
}

/// What the kernel says of a received buffer.
struct Told {
  std::size_t segment;
  std::uint8_t traffic_class{0};
};

Told control_of(msghdr& header, std::size_t length) {
  Told told{.segment = length};
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      if (size > 0) told.segment = static_cast<std::size_t>(size);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      std::memcpy(&told.traffic_class, CMSG_DATA(c), sizeof told.traffic_class);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      int value = 0;
      std::memcpy(&value, CMSG_DATA(c), sizeof value);
      told.traffic_class = static_cast<std::uint8_t>(value);
    }
  }
  return told;
}

/// The control messages of one send, one behind the other.
class ControlWriter {
 public:
  ControlWriter(msghdr& header, ControlBuffer& buffer) : header_(header), buffer_(buffer) {}

  template <typename T>
  void add(int level, int type, const T& value) {
    if (header_.msg_controllen == 0) {
      std::memset(&buffer_, 0, sizeof buffer_);
      header_.msg_control = buffer_.bytes.data();
    }
    // The rooms of messages are multiples of their alignment: the next begins where they end.
    auto* c = reinterpret_cast<cmsghdr*>(buffer_.bytes.data() + header_.msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(c), &value, sizeof value);
    header_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& header_;
  ControlBuffer& buffer_;
};

/// One sendmmsg's worth of messages, each perhaps a run of segments. The arrays are written as far
/// as they are used: clearing all 12 KB would cost more than sealing a packet.
struct SendBatch {
  std::array<mmsghdr, limits::kBurst> messages;
  std::array<sockaddr_storage, limits::kBurst> addresses;
  std::array<ControlBuffer, limits::kBurst> controls;
  std::array<std::size_t, limits::kBurst> datagrams;  // how many each message carries
  std::array<iovec, limits::kBurst * 4> vectors;
  std::size_t count{0};
  std::size_t used_vectors{0};
};

void add_message(SendBatch& batch, std::span<const TxDatagram> run, bool v6) {
  msghdr& header = batch.messages.at(batch.count).msg_hdr;
  header = {};
  header.msg_namelen = to_sockaddr(run.front().to, v6, batch.addresses.at(batch.count));
  header.msg_name = &batch.addresses.at(batch.count);
  header.msg_iov = &batch.vectors.at(batch.used_vectors);
  header.msg_iovlen = run.size();
  for (const TxDatagram& d : run) {
    // The kernel only reads what a send's vectors point to; the type of iovec can not say so.
    batch.vectors.at(batch.used_vectors++) = {const_cast<std::uint8_t*>(d.bytes.data()),
                                              d.bytes.size()};
  }
  ControlWriter control(header, batch.controls.at(batch.count));
  if (run.size() > 1)
    control.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(run.front().bytes.size()));
  if (const int traffic_class = run.front().traffic_class; traffic_class != 0) {
    // On a socket of both families an IPv4 destination takes IPv4's option.
    const bool v4 = run.front().to.address.family == IpFamily::kV4;
    control.add(v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, v4 ? IP_TOS : IPV6_TCLASS, traffic_class);
  }
  batch.datagrams.at(batch.count) = run.size();
  ++batch.count;
}

/// Sends a batch; returns how many of its datagrams the kernel took. A refused message is skipped:
/// an error that ICMP left on the socket is reported once by the next send and says nothing about
/// this one, hence one retry.
std::size_t flush(int fd, SendBatch& batch) {
  std::size_t taken = 0;
  std::size_t at = 0;
  bool retried = false;
  while (at < batch.count) {
    const int sent = ::sendmmsg(fd, batch.messages.data() + at,
                                static_cast<unsigned>(batch.count - at), MSG_DONTWAIT);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i)
        taken += batch.datagrams.at(at++);
      retried = false;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) break;
    if (!std::exchange(retried, true)) continue;
    retried = false;
    ++at;
  }
  batch.count = 0;
  batch.used_vectors = 0;
  return taken;
}

}  // namespace

std::expected<std::unique_ptr<UdpPath>, std::string> UdpPath::open(const Options& options) {
  bool v6 = true;
  int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) {  // a kernel without IPv6
    v6 = false;
    fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  }
  if (fd < 0) return std::unexpected(failure("socket"));
  std::unique_ptr<UdpPath> path(new UdpPath(fd, v6));
  if (const std::string error = path->configure(options); !error.empty())
    return std::unexpected(error);
  return path;
}

UdpPath::~UdpPath() {
  ::close(fd_);
}

std::string UdpPath::configure(const Options& options) {
  const int off = 0;
  const int on = 1;
  if (v6_ && !set_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY, off)) return failure("IPV6_V6ONLY");
  if (!options.interface.empty() &&
      ::setsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, options.interface.data(),
                   static_cast<socklen_t>(options.interface.size())) != 0) {
    return failure("SO_BINDTODEVICE");
  }
  // PROBE sets DF and lets us, not the kernel's idea of the path's MTU, decide what is too long
  // (RFC 8899).
  const int probe4 = IP_PMTUDISC_PROBE;
  if (!set_option(fd_, IPPROTO_IP, IP_MTU_DISCOVER, probe4)) return failure("IP_MTU_DISCOVER");
  (void)set_option(fd_, IPPROTO_IP, IP_RECVERR, on);
  // Without these the kernel keeps congestion marks to itself.
  if (!set_option(fd_, IPPROTO_IP, IP_RECVTOS, on)) return failure("IP_RECVTOS");
  if (v6_ && !set_option(fd_, IPPROTO_IPV6, IPV6_RECVTCLASS, on)) return failure("IPV6_RECVTCLASS");
  if (v6_) {
    const int probe6 = IPV6_PMTUDISC_PROBE;
    if (!set_option(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, probe6))
      return failure("IPV6_MTU_DISCOVER");
    (void)set_option(fd_, IPPROTO_IPV6, IPV6_RECVERR, on);
  }
  for (const auto& [forced, plain] :
       {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}}) {
    if (!set_option(fd_, SOL_SOCKET, forced, options.buffer_bytes)) {
      (void)set_option(fd_, SOL_SOCKET, plain, options.buffer_bytes);
    }
  }
  gro_ = options.segmentation && set_option(fd_, SOL_UDP, UDP_GRO, on);
  gso_ = options.segmentation && set_option(fd_, SOL_UDP, UDP_SEGMENT, off);

  sockaddr_storage local{};
  const Endpoint any{.address = {.family = v6_ ? IpFamily::kV6 : IpFamily::kV4},
                     .port = options.local_port};
  socklen_t length = to_sockaddr(any, v6_, local);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&local), length) != 0) return failure("bind");
  length = sizeof local;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &length) != 0) {
    return failure("getsockname");
  }
  local_port_ = from_sockaddr(local).port;

  buffer_size_ = gro_ ? kGroBuffer : kPlainBuffer;
  buffers_.resize(buffer_size_ * kRxBuffers);
  received_.reserve(kRxBuffers);
  return {};
}

void UdpPath::fill() {
  // Addresses and controls are the kernel's to write.
  std::array<mmsghdr, kRxBuffers> messages{};
  std::array<iovec, kRxBuffers> vectors;
  std::array<sockaddr_storage, kRxBuffers> from;
  std::array<ControlBuffer, kRxBuffers> controls;
  for (std::size_t i = 0; i < kRxBuffers; ++i) {
    vectors.at(i) = {buffers_.data() + i * buffer_size_, buffer_size_};
    msghdr& header = messages.at(i).msg_hdr;
    header.msg_name = &from.at(i);
    header.msg_namelen = sizeof from.at(i);
    header.msg_iov = &vectors.at(i);
    header.msg_iovlen = 1;
    header.msg_control = controls.at(i).bytes.data();
    header.msg_controllen = controls.at(i).bytes.size();
  }
  received_.clear();
  next_received_ = 0;
  int count = ::recvmmsg(fd_, messages.data(), kRxBuffers, MSG_DONTWAIT, nullptr);
  // An error that ICMP left behind is reported once in place of data; the data is still there.
  if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
    count = ::recvmmsg(fd_, messages.data(), kRxBuffers, MSG_DONTWAIT, nullptr);
  }
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const std::size_t length = messages.at(n).msg_len;
    if (length == 0 || (messages.at(n).msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
    const Told told = control_of(messages.at(n).msg_hdr, length);
    received_.push_back({.buffer = n,
                         .length = length,
                         .segment = told.segment,
                         .offset = 0,
                         .from = from_sockaddr(from.at(n)),
                         .traffic_class = told.traffic_class});
  }
}

std::size_t UdpPath::receive(std::span<RxDatagram> out) {
  if (next_received_ == received_.size()) fill();
  std::size_t count = 0;
  while (count < out.size() && next_received_ < received_.size()) {
    Received& r = received_.at(next_received_);
    const std::size_t size = std::min(r.segment, r.length - r.offset);
    out[count++] = {.bytes = {buffers_.data() + r.buffer * buffer_size_ + r.offset, size},
                    .from = r.from,
                    .traffic_class = r.traffic_class};
    r.offset += size;
    if (r.offset == r.length) ++next_received_;
  }
  return count;
}

std::size_t UdpPath::send(std::span<const TxDatagram> datagrams) {
  SendBatch batch;
  std::size_t taken = 0;
  std::size_t at = 0;
  while (at < datagrams.size()) {
    const auto rest = datagrams.subspan(at);
    if (!v6_ && rest.front().to.address.family != IpFamily::kV4) {
      ++at;
      continue;
    }
    const std::size_t run = gso_ ? run_length(rest) : 1;
    if (batch.count == batch.messages.size() || batch.used_vectors + run > batch.vectors.size()) {
      taken += flush(fd_, batch);
    }
    add_message(batch, rest.first(run), v6_);
    at += run;
  }
  if (batch.count > 0) taken += flush(fd_, batch);
  refused_ += datagrams.size() - taken;
  return taken;
}

ErrorHints UdpPath::take_errors() {
  ErrorHints hints;
  int pending = 0;
  socklen_t length = sizeof pending;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &pending, &length) == 0 && pending != 0 &&
      pending != EMSGSIZE) {
    hints.unreachable = true;
  }
  for (unsigned i = 0; i < kMaxErrorsAtOnce; ++i) {
    ControlBuffer control{};
    std::array<char, 64> payload{};
    iovec vector{payload.data(), payload.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    if (::recvmsg(fd_, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      const bool v4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR;
      const bool v6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR;
      if (!v4 && !v6) continue;
      sock_extended_err error{};
      std::memcpy(&error, CMSG_DATA(c), sizeof error);
      if (error.ee_errno != EMSGSIZE) {
        hints.unreachable = true;
      } else if (hints.mtu == 0 || error.ee_info < hints.mtu) {
        hints.mtu = error.ee_info;
      }
    }
  }
  return hints;
}

}  // namespace jumpgate::udp
