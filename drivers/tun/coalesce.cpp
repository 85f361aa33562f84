#include "tun/coalesce.hpp"

#include <cstring>
#include <optional>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tun/checksum.hpp"

namespace jumpgate::tun {
namespace {

constexpr std::size_t kMaxJoined = 65000;

struct TcpSegment {
  std::span<const std::uint8_t> bytes;
  std::size_t transport{0};
  std::size_t headers{0};
  bool v6{false};

  [[nodiscard]] std::uint32_t sequence() const { return load_be32(&bytes[transport + 4]); }
  [[nodiscard]] std::uint8_t flags() const { return bytes[transport + 13]; }
  [[nodiscard]] std::size_t payload() const { return bytes.size() - headers; }
};

bool plain_ipv4(std::span<const std::uint8_t> p) {
  return p.size() >= 40 && p[0] == 0x45 && p[9] == IPPROTO_TCP && load_be16(&p[2]) == p.size() &&
         (load_be16(&p[6]) & 0xbfff) == 0 && base::fold(checksum_add(0, p.first(20))) == 0xffff;
}

bool plain_ipv6(std::span<const std::uint8_t> p) {
  return p.size() >= 60 && (p[0] >> 4) == 6 && p[6] == IPPROTO_TCP &&
         std::size_t{load_be16(&p[4])} + 40 == p.size();
}

std::optional<TcpSegment> parse(std::span<const std::uint8_t> p) {
  TcpSegment s;
  s.bytes = p;
  if (plain_ipv4(p)) {
    s.transport = 20;
  } else if (plain_ipv6(p)) {
    s.transport = 40;
    s.v6 = true;
  } else {
    return std::nullopt;
  }
  s.headers = s.transport + std::size_t{p[s.transport + 12]} / 16 * 4;
  if (s.headers < s.transport + 20 || s.headers >= p.size()) return std::nullopt;
  if ((s.flags() & static_cast<std::uint8_t>(~TH_PUSH)) != TH_ACK) return std::nullopt;
  return s;
}

bool checksum_holds(const TcpSegment& s) {
  const std::uint64_t pseudo =
      pseudo_header_sum(s.bytes, IPPROTO_TCP, s.bytes.size() - s.transport);
  return base::fold(checksum_add(pseudo, s.bytes.subspan(s.transport))) == 0xffff;
}

/// Same flow and the same headers but for length, identification, sequence, PSH and checksums.
bool same_headers(const TcpSegment& a, const TcpSegment& b) {
  if (a.v6 != b.v6 || a.headers != b.headers) return false;
  const auto* x = a.bytes.data();
  const auto* y = b.bytes.data();
  const bool ip = a.v6 ? std::memcmp(x, y, 4) == 0 && std::memcmp(x + 6, y + 6, 34) == 0
                       : std::memcmp(x, y, 2) == 0 && std::memcmp(x + 6, y + 6, 4) == 0 &&
                             std::memcmp(x + 12, y + 12, 8) == 0;
  const std::size_t t = a.transport;
  return ip && std::memcmp(x + t, y + t, 4) == 0 && std::memcmp(x + t + 8, y + t + 8, 5) == 0 &&
         std::memcmp(x + t + 14, y + t + 14, 2) == 0 &&
         std::memcmp(x + t + 18, y + t + 18, a.headers - t - 18) == 0;
}

}  // namespace

Coalescer::Coalescer() : joined_(kMaxJoined) {}

std::size_t Coalescer::gather(std::span<const std::span<std::uint8_t>> packets) {
  const auto first = parse(packets.front());
  if (!first || packets.size() < 2 || (first->flags() & TH_PUSH) != 0) return 1;
  std::size_t count = 1;
  length_ = first->bytes.size();
  std::uint32_t expected = first->sequence() + static_cast<std::uint32_t>(first->payload());
  std::uint8_t flags = first->flags();
  for (; count < packets.size(); ++count) {
    const auto next = parse(packets[count]);
    if (!next || next->sequence() != expected || !same_headers(*first, *next) ||
        next->payload() > first->payload() || length_ + next->payload() > joined_.size() ||
        !checksum_holds(*next)) {
      break;
    }
    if (count == 1) {
      if (!checksum_holds(*first)) return 1;
      std::memcpy(joined_.data(), first->bytes.data(), first->bytes.size());
    }
    std::memcpy(joined_.data() + length_, next->bytes.data() + next->headers, next->payload());
    length_ += next->payload();
    expected += static_cast<std::uint32_t>(next->payload());
    flags |= next->flags();
    // A push ends the run so that the reader is woken; a shorter segment ends it because the sizes
    // must agree.
    if ((next->flags() & TH_PUSH) != 0 || next->payload() < first->payload()) {
      ++count;
      break;
    }
  }
  if (count == 1) return 1;

  std::uint8_t* p = joined_.data();
  if (first->v6) {
    store_be16(p + 4, static_cast<std::uint16_t>(length_ - 40));
  } else {
    store_be16(p + 2, static_cast<std::uint16_t>(length_));
    store_be16(p + 10, 0);
    store_be16(p + 10, static_cast<std::uint16_t>(~base::fold(checksum_add(0, {p, 20}))));
  }
  p[first->transport + 13] = flags;
  // NEEDS_CSUM: the field holds the pseudo header's sum, and the kernel takes the rest as verified.
  store_be16(p + first->transport + 16,
             base::fold(pseudo_header_sum({p, length_}, IPPROTO_TCP, length_ - first->transport)));
  header_ = {.flags = kVnetNeedsChecksum,
             .gso_type = first->v6 ? kGsoTcp6 : kGsoTcp4,
             .header_length = static_cast<std::uint16_t>(first->headers),
             .gso_size = static_cast<std::uint16_t>(first->payload()),
             .checksum_start = static_cast<std::uint16_t>(first->transport),
             .checksum_offset = 16};
  return count;
}

}  // namespace jumpgate::tun
