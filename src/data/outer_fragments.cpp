#include "data/outer_fragments.hpp"

#include <array>
#include <cstring>

#include <rte_hash_crc.h>

#include "data/packets.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kFragmentHeaderSize = 8;
constexpr std::size_t kLargest = limits::kMaxDatagram + net::kUdpSize;

/// Whether it can be part of a datagram of ours: no honest path makes other ones.
bool is_sound(const net::IpView& ip, const net::UpperLayer& part) {
  if (!part.readable || part.offset > ip.packet.size()) return false;
  // A later fragment's own word on the upper layer counts for nothing (RFC 8200 section 4.5).
  if ((part.first || ip.family == IpFamily::kV4) && part.protocol != net::kProtocolUdp)
    return false;
  if (ip.family == IpFamily::kV6 && part.offset != net::kIpv6Size + kFragmentHeaderSize)
    return false;
  const std::size_t size = ip.packet.size() - part.offset;
  if (size == 0 || part.position + size > kLargest) return false;
  if (!part.fragment) return true;
  if (part.more && (size % 8 != 0 || size < limits::kMinFragment)) return false;
  return part.first || part.position >= limits::kMinFragment;
}

/// RFC 6946: what has a fragment header and is whole has nothing to do with any other fragment.
rte_mbuf* without_fragment_header(rte_mbuf* frame) {
  std::uint8_t* ip = bytes_of(frame) + net::kEthernetSize;
  ip[6] = ip[net::kIpv6Size];
  base::store_be16(&ip[4],
                   static_cast<std::uint16_t>(base::load_be16(&ip[4]) - kFragmentHeaderSize));
  std::memmove(bytes_of(frame) + kFragmentHeaderSize, bytes_of(frame),
               net::kEthernetSize + net::kIpv6Size);
  rte_pktmbuf_adj(frame, kFragmentHeaderSize);
  return frame;
}

/// Ports spread the fragments of one datagram as they like; by addresses and identification they meet again.
unsigned meeting_place(const net::IpView& ip, unsigned workers) {
  const bool v4 = ip.family == IpFamily::kV4;
  const std::uint32_t id =
      v4 ? base::load_be16(&ip.packet[4]) : base::load_be32(&ip.packet[net::kIpv6Size + 4]);
  // The sum is taken in words, which stand where they like in a packet.
  std::array<std::uint64_t, 4> addresses{};
  const std::size_t size = v4 ? 8 : 32;
  std::memcpy(addresses.data(), ip.source_bytes(), size);
  return rte_hash_crc(addresses.data(), static_cast<std::uint32_t>(size), id) % workers;
}

void give_to(Shard& shard, unsigned worker, rte_mbuf* frame) {
  if (shard.mesh->push(shard.worker, worker,
                       {.mbuf = frame, .session = {}, .kind = HandOff::Kind::kFrame},
                       wire::Type::kData))
    shard.counters.add(bus::WorkerCounter::kHandedOff);
  else
    shard.drops.drop(frame, DropReason::kHandoffQueueFull);
}

/// The frame of a whole datagram, or nullptr.
rte_mbuf* join(Shard& shard, rte_mbuf* frame, const net::IpView& ip, const net::UpperLayer& part) {
  if (!part.fragment) return without_fragment_header(frame);
  const unsigned place =
      shard.mesh == nullptr ? shard.worker : meeting_place(ip, shard.mesh->workers());
  if (place != shard.worker) {
    give_to(shard, place, frame);
    return nullptr;
  }
  return shard.reassembly->add(frame, ip, part.offset, shard.now, shard.counters, shard.drops);
}

}  // namespace

std::optional<WholeDatagram> take_fragment(Shard& shard, rte_mbuf* frame, const net::IpView& ip) {
  const auto drop = [&](rte_mbuf* lost, DropReason reason) {
    shard.drops.drop(lost, reason);
    return std::nullopt;
  };
  if (shard.reassembly == nullptr) return drop(frame, DropReason::kIpFragment);
  const net::UpperLayer part = net::upper_layer_of(ip.packet);
  if (!is_sound(ip, part)) return drop(frame, DropReason::kIpFragmentBad);
  rte_mbuf* whole = join(shard, frame, ip, part);
  if (whole == nullptr) return std::nullopt;
  const auto again = net::parse_ip(
      net::Bytes(bytes_of(whole), rte_pktmbuf_data_len(whole)).subspan(net::kEthernetSize));
  if (!again) return drop(whole, again.error());
  return WholeDatagram{whole, *again};
}

}  // namespace jumpgate::data
