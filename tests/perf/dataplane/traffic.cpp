#include "traffic.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <rte_ip.h>
#include <rte_mbuf.h>

#include <jumpgate/wire.hpp>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "base/bytes.hpp"
#include "crypto/nonce.hpp"
#include "net/frames.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::size_t kUdpOffset = net::kEthernetSize + net::kIpv4Size;
constexpr std::size_t kMessageOffset = kUdpOffset + net::kUdpSize;
constexpr std::size_t kTextOffset = kMessageOffset + wire::kPrefixSize;

std::uint8_t* data_of(rte_mbuf* mbuf) {
  return rte_pktmbuf_mtod(mbuf, std::uint8_t*);
}

void inner_packet(std::uint8_t* at, std::size_t length, const IpAddress& from,
                  const IpAddress& to) {
  const std::span<std::uint8_t> out(at, length);
  net::build_ip(out, from, to, net::kProtocolUdp, length - net::kIpv4Size);
}

}  // namespace

Traffic::Traffic(Rig& rig, unsigned lane)
    : rig_(rig),
      lane_(lane),
      state_(0x9e37'79b9'7f4a'7c15U + lane),
      aead_(aead_ipsecmb::make_aead(rig.options().suite)),
      expanded_(limits::kBurst),
      ops_(limits::kBurst) {}

std::uint32_t Traffic::below(std::uint32_t bound) {  // xorshift64*, scaled
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  const std::uint64_t random = (state_ * 0x2545'f491'4f6c'dd1dU) >> 32;
  return static_cast<std::uint32_t>((random * bound) >> 32);
}

std::uint32_t Traffic::pick(const Recipe& recipe, std::size_t i) {
  const unsigned workers = rig_.workers();
  const bool elsewhere = i % 100 * 50 % 100 < recipe.hand_off && workers > 1;
  const unsigned owner = elsewhere ? (lane_ + 1) % workers : lane_;
  std::uint32_t slot = below(recipe.sessions / workers);
  // Sessions that both lanes send for would have two writers of one counter.
  if (recipe.hand_off == 50) slot = (slot & ~1U) | lane_;
  return slot * workers + owner;
}

std::span<rte_mbuf*> Traffic::make(const Recipe& recipe) {
  for (std::size_t i = 0; i < kChunk; ++i)
    sessions_[i] = pick(recipe, i);
  build(recipe);
  return packets_;
}

std::span<rte_mbuf*> Traffic::sweep(const Recipe& recipe, std::uint32_t first) {
  for (std::size_t i = 0; i < kChunk; ++i) {
    const auto slot = (first + static_cast<std::uint32_t>(i)) % (recipe.sessions / rig_.workers());
    sessions_[i] = slot * rig_.workers() + lane_;
  }
  build(recipe);
  return packets_;
}

void Traffic::build(const Recipe& recipe) {
  if (rte_pktmbuf_alloc_bulk(rig_.pool(), packets_.data(), kChunk) != 0) {
    std::fputs("the benchmark's pool of packets is too small\n", stderr);
    std::abort();
  }
  for (std::size_t i = 0; i < kChunk; ++i) {
    lengths_[i] = recipe.sizes[i % recipe.sizes.size()];
    counters_[i] = rig_.client(sessions_[i]).counter;
    if (recipe.flow == Flow::kSeal)
      build_plain(i);
    else
      build_sealed(i);
    if (recipe.flow == Flow::kOpen && i % limits::kBurst == limits::kBurst - 1)
      finish_sealed(i + 1 - limits::kBurst, limits::kBurst);
  }
}

void Traffic::build_plain(std::size_t i) {
  const std::size_t length = lengths_[i];
  auto* frame = reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_append(packets_[i], static_cast<std::uint16_t>(net::kEthernetSize + length)));
  const std::span<std::uint8_t> out(frame, net::kEthernetSize);
  net::build_ethernet(out, rig_.options().ports[kInnerPort]->mac(), kServerMac,
                      net::kEtherTypeIpv4);
  std::fill_n(frame + kUdpOffset, length - net::kIpv4Size, std::uint8_t{0x5a});
  inner_packet(frame + net::kEthernetSize, length, kServerAddress, inner_address(sessions_[i]));
}

void Traffic::build_sealed(std::size_t i) {
  const std::size_t length = lengths_[i];
  ClientState& client = rig_.client(sessions_[i]);
  counters_[i] = client.counter++;
  auto* frame = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(
      packets_[i], static_cast<std::uint16_t>(kMessageOffset + length + wire::kTrafficOverhead)));
  std::uint8_t* message = frame + kMessageOffset;
  wire::write_prefix({.type = wire::Type::kData,
                      .phase = 1,
                      .id_key_phase = 1,
                      .counter = counters_[i],
                      .cid = client.gateway_cid},
                     std::span<std::uint8_t, wire::kPrefixSize>(message, wire::kPrefixSize));
  std::fill_n(frame + kTextOffset, length, std::uint8_t{0x5a});
  inner_packet(frame + kTextOffset, length, inner_address(sessions_[i]), kServerAddress);

  const std::size_t at = i % limits::kBurst;
  const TrafficKey key = client_key(sessions_[i]);
  const bool same_as_before = i != 0 && sessions_[i] == sessions_[i - 1] && at != 0;
  AeadOp& op = ops_[at];
  op.expanded = expanded_[at].bytes.data();
  if (same_as_before)
    op.expanded = ops_[at - 1].expanded;
  else
    aead_->expand(key.key, expanded_[at].bytes.data());
  op.aad = message;
  op.data = frame + kTextOffset;
  op.length = static_cast<std::uint32_t>(length);
  op.tag = op.data + length;
  op.iv = crypto::traffic_nonce(key.iv, counters_[i]);
}

void Traffic::finish_sealed(std::size_t first, std::size_t count) {
  aead_->seal({ops_.data(), count});
  for (std::size_t i = first; i < first + count; ++i) {
    std::uint8_t* frame = data_of(packets_[i]);
    if (rig_.options().offloads.rx_udp_checksum)
      packets_[i]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    const Endpoint from = client_endpoint(sessions_[i]);
    const auto udp_length =
        static_cast<std::uint16_t>(net::kUdpSize + lengths_[i] + wire::kTrafficOverhead);
    net::build_ethernet({frame, net::kEthernetSize}, rig_.options().ports[kOuterPort]->mac(),
                        kRouterMac, net::kEtherTypeIpv4);
    net::build_ip({frame + net::kEthernetSize, net::kIpv4Size}, from.address, kOuterAddress,
                  net::kProtocolUdp, udp_length);
    std::uint8_t* udp = frame + kUdpOffset;
    base::store_be16(udp, from.port);
    base::store_be16(udp + 2, kListenPort);
    base::store_be16(udp + 4, udp_length);
    base::store_be16(udp + 6, 0);
    const auto* ip = reinterpret_cast<const rte_ipv4_hdr*>(frame + net::kEthernetSize);
    const std::uint16_t checksum = rte_ipv4_udptcp_cksum(ip, udp);
    std::memcpy(udp + 6, &checksum, sizeof(checksum));
  }
}

std::size_t Traffic::count_for(unsigned worker) const {
  std::size_t count = 0;
  for (const std::uint32_t session : sessions_)
    count += rig_.owner(session) == worker ? 1 : 0;
  return count;
}

}  // namespace jumpgate::bench
