#include "tools/jumpgen/probe.hpp"

#include <array>
#include <cstring>

#include <jumpgate/limits.hpp>

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "net/frames.hpp"

namespace jumpgate::jumpgen {
namespace {

constexpr std::uint32_t kMagic = 0x6e65676a;
constexpr std::size_t kHeaders = net::kIpv4Size + net::kUdpSize;
constexpr std::uint16_t kPort = 5001;
/// Source ports vary, so that a port with several queues spreads the clients over them.
constexpr std::uint16_t kFirstSourcePort = 49152;
constexpr std::uint32_t kSourcePorts = 16384;

constexpr auto kFilling = [] {
  std::array<std::uint8_t, limits::kMaxDatagram> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 167 + (i >> 8) + 13);
  return bytes;
}();

}  // namespace

void write_probe(std::span<std::uint8_t> packet, const IpAddress& source,
                 const IpAddress& destination, const Probe& probe) {
  JG_INVARIANT(packet.size() >= kMinProbe && packet.size() <= kFilling.size());
  net::build_ip(packet, source, destination, net::kProtocolUdp, packet.size() - net::kIpv4Size);
  std::uint8_t* p = packet.data();
  base::store_be16(p + 20,
                   static_cast<std::uint16_t>(kFirstSourcePort + probe.client % kSourcePorts));
  base::store_be16(p + 22, kPort);
  base::store_be16(p + 24, static_cast<std::uint16_t>(packet.size() - net::kIpv4Size));
  base::store_be16(p + 26, 0);
  base::store_le<4>(p + 28, kMagic);
  base::store_le<4>(p + 32, probe.client);
  base::store_le<4>(p + 36, probe.trial);
  base::store_le<8>(p + 40, probe.sequence);
  base::store_le<8>(p + 48, probe.sent.ns);
  std::memcpy(p + kMinProbe, kFilling.data(), packet.size() - kMinProbe);
}

std::optional<ReceivedProbe> read_probe(std::span<const std::uint8_t> packet) {
  const auto ip = net::parse_ip(packet);
  if (!ip || ip->fragment || ip->protocol != net::kProtocolUdp || ip->packet.size() < kMinProbe ||
      ip->payload.size() != ip->packet.size() - net::kIpv4Size)
    return std::nullopt;
  const auto udp = net::parse_udp(*ip);
  const std::uint8_t* p = ip->packet.data();
  if (!udp || udp->destination_port != kPort || base::load_le32(p + kHeaders) != kMagic)
    return std::nullopt;
  const std::size_t filling = ip->packet.size() - kMinProbe;
  if (filling > kFilling.size() || std::memcmp(p + kMinProbe, kFilling.data(), filling) != 0)
    return std::nullopt;
  return ReceivedProbe{.source = ip->source(),
                       .destination = ip->destination(),
                       .size = ip->packet.size(),
                       .probe = {.client = base::load_le32(p + 32),
                                 .trial = base::load_le32(p + 36),
                                 .sequence = base::load_le64(p + 40),
                                 .sent = {base::load_le64(p + 48)}}};
}

}  // namespace jumpgate::jumpgen
