#include "router_oracle.hpp"

#include <cstddef>
#include <span>

namespace jumpgate::test {
namespace {

constexpr std::uint8_t kTcp = 6;

bool is_v6(const ByteVector& packet) {
  return packet[0] >> 4 == 6;
}
unsigned word(const ByteVector& packet, std::size_t at) {
  return packet[at] * 256U + packet[at + 1];
}
void set_word(ByteVector& packet, std::size_t at, unsigned value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}

/// Sixteen bits at a time, as RFC 1071 section 4.1 has it.
unsigned sum(std::span<const std::uint8_t> bytes, unsigned long total) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    total += i % 2 == 0 ? bytes[i] * 256UL : bytes[i];
  while (total > 0xffff)
    total = (total & 0xffff) + (total >> 16);
  return static_cast<unsigned>(total);
}

unsigned tcp_sum(const ByteVector& packet, std::size_t tcp) {
  const std::span<const std::uint8_t> bytes(packet);
  const auto addresses = is_v6(packet) ? bytes.subspan(8, 32) : bytes.subspan(12, 8);
  return sum(bytes.subspan(tcp), sum(addresses, kTcp + packet.size() - tcp));
}

/// From or to: nobody, this host, this link, a group.
bool nowhere(const std::uint8_t* address, bool v6) {
  if (!v6)
    return address[0] == 0 || address[0] == 127 || address[0] >= 224 ||
           (address[0] == 169 && address[1] == 254);
  bool zero = true;
  for (int i = 0; i < 15; ++i)
    zero = zero && address[i] == 0;
  return (zero && address[15] <= 1) || address[0] == 0xff ||
         (address[0] == 0xfe && address[1] >= 0x80 && address[1] <= 0xbf);
}

void lower_mss(ByteVector& packet, std::size_t tcp, unsigned most) {
  const std::size_t end = tcp + static_cast<std::size_t>(packet[tcp + 12] >> 4) * 4;
  const bool was_right = tcp_sum(packet, tcp) == 0xffff;
  for (std::size_t at = tcp + 20; at + 3 < end && at + 3 < packet.size() && packet[at] != 0;) {
    if (packet[at] == 1) {
      ++at;
      continue;
    }
    if (packet[at + 1] < 2) return;
    if (packet[at] == 2 && word(packet, at + 2) > most) {
      set_word(packet, at + 2, most);
      if (!was_right) return;
      set_word(packet, tcp + 16, 0);
      set_word(packet, tcp + 16, 0xffff - tcp_sum(packet, tcp));
      return;
    }
    at += packet[at + 1];
  }
}

}  // namespace

std::uint8_t class_of(const ByteVector& packet) {
  return static_cast<std::uint8_t>(is_v6(packet) ? packet[0] << 4 | packet[1] >> 4 : packet[1]);
}

Fate fate_of(const ByteVector& packet, std::size_t mtu) {
  const bool v6 = is_v6(packet);
  const std::uint8_t* source = &packet[v6 ? 8 : 12];
  if (nowhere(source, v6) || nowhere(source + (v6 ? 16 : 4), v6)) return Fate::kNotCarried;
  if (packet[v6 ? 7 : 8] <= 1) return Fate::kNoHopLeft;
  if (packet.size() <= mtu) return Fate::kCarried;
  return v6 || (packet[6] & 0x40) != 0 ? Fate::kTooBig : Fate::kCut;
}

ByteVector carried(ByteVector packet, std::size_t mss_mtu, bool mark) {
  const bool v6 = is_v6(packet);
  --packet[v6 ? 7 : 8];
  if (mark) packet[1] = static_cast<std::uint8_t>(packet[1] | (v6 ? 0x30 : 0x03));
  const std::size_t header = v6 ? 40 : (packet[0] & 15U) * 4U;
  const bool first = v6 || (word(packet, 6) & 0x1fff) == 0;
  if (packet[v6 ? 6 : 9] == kTcp && first && packet.size() >= header + 20 &&
      (packet[header + 13] & 2) != 0)
    lower_mss(packet, header, static_cast<unsigned>(mss_mtu) - (v6 ? 60 : 40));
  if (!v6) {
    set_word(packet, 10, 0);
    set_word(packet, 10, 0xffff - sum(std::span<const std::uint8_t>(packet).first(header), 0));
  }
  return packet;
}

}  // namespace jumpgate::test
