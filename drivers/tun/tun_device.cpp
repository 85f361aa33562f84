#include "tun/tun_device.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace jumpgate::tun {
namespace {

/// Packets one read() may yield.
constexpr std::size_t kSlots = 64;
/// A packet of the tunnel's MTU (at most 1472 of a datagram) with room on both sides.
constexpr std::size_t kPacketRoom = 1920;
constexpr std::size_t kSlotSize = kHeadroom + kPacketRoom + kTailroom;
static_assert(kSlotSize == 2048);
/// The largest IP packet and its virtio header.
constexpr std::size_t kSuperPacket = 65536 + sizeof(VnetHeader);

/// UDP segmentation of the TUN device came with Linux 6.2, after these headers.
constexpr unsigned kTunUso4 = 0x20;
constexpr unsigned kTunUso6 = 0x40;

std::string failure(const char* step) {
  return std::string(step) + ": " + std::strerror(errno);
}

/// What the kernel's refusal of a name means to the person who chose it.
std::string refused_name(const std::string& name) {
  switch (errno) {
    case EBUSY:
      return "another program uses it";
    case EPERM:
      return "not permitted: root or CAP_NET_ADMIN is needed";
    case EINVAL:
      if (::if_nametoindex(name.c_str()) != 0) return "an interface of that name is no TUN device";
      return "the kernel refuses that name";
    default:
      return failure("TUNSETIFF");
  }
}

}  // namespace

std::expected<std::unique_ptr<TunDevice>, std::string> TunDevice::open(const TunOptions& options) {
  if (options.name.size() >= IFNAMSIZ) return std::unexpected("interface name too long");
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const bool absent = errno == ENOENT || errno == ENODEV || errno == ENXIO;
    return std::unexpected(failure("/dev/net/tun") + (absent ? "; load it: modprobe tun" : ""));
  }
  std::unique_ptr<TunDevice> device(new TunDevice(fd, {}));
  ifreq request{};
  std::memcpy(request.ifr_name, options.name.data(), options.name.size());
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(fd, TUNSETIFF, &request) != 0) return std::unexpected(refused_name(options.name));
  device->name_ = request.ifr_name;
  int header_size = sizeof(VnetHeader);
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header_size) != 0)
    return std::unexpected(failure("TUNSETVNETHDRSZ"));
  if (options.offloads) {
    constexpr unsigned kTcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    device->uso_ = ::ioctl(fd, TUNSETOFFLOAD, kTcp | kTunUso4 | kTunUso6) == 0;
    device->offloads_ = device->uso_ || ::ioctl(fd, TUNSETOFFLOAD, kTcp) == 0;
  }
  return device;
}

TunDevice::TunDevice(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), super_(kSuperPacket), slots_(kSlots * kSlotSize) {}

TunDevice::~TunDevice() {
  ::close(fd_);
}

bool TunDevice::read_super_packet() {
  for (;;) {
    const ssize_t n = ::read(fd_, super_.data(), super_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      gone_ = errno == EBADFD;
      return false;
    }
    const auto size = static_cast<std::size_t>(n);
    if (size <= sizeof(VnetHeader)) {
      ++dropped_;
      continue;
    }
    VnetHeader header;
    std::memcpy(&header, super_.data(), sizeof header);
    if (segmenter_.start(header, std::span(super_).first(size).subspan(sizeof header))) return true;
    ++dropped_;
  }
}

std::size_t TunDevice::read(std::span<std::span<std::uint8_t>> out) {
  std::size_t count = 0;
  while (count < out.size() && count < kSlots) {
    if (segmenter_.done() && !read_super_packet()) break;
    std::uint8_t* packet = slots_.data() + count * kSlotSize + kHeadroom;
    const std::size_t length = segmenter_.next({packet, kPacketRoom});
    if (length == 0) {
      ++dropped_;
      continue;
    }
    out[count++] = {packet, length};
  }
  return count;
}

bool TunDevice::write_one(const VnetHeader& header, std::span<const std::uint8_t> packet) {
  // writev only reads what its vectors point to; the type of iovec can not say so.
  std::array<iovec, 2> vectors{{{const_cast<VnetHeader*>(&header), sizeof header},
                                {const_cast<std::uint8_t*>(packet.data()), packet.size()}}};
  for (;;) {
    if (::writev(fd_, vectors.data(), static_cast<int>(vectors.size())) >= 0) return true;
    if (errno == EINTR) continue;
    ++dropped_;
    return false;
  }
}

std::size_t TunDevice::write(std::span<const std::span<std::uint8_t>> packets) {
  std::size_t taken = 0;
  std::size_t at = 0;
  while (at < packets.size()) {
    const std::size_t run = offloads_ ? coalescer_.gather(packets.subspan(at)) : 1;
    const bool ok = run > 1 ? write_one(coalescer_.header(), coalescer_.packet())
                            : write_one(VnetHeader{}, packets[at]);
    if (ok) taken += run;
    at += run;
  }
  return taken;
}

}  // namespace jumpgate::tun
