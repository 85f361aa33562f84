#include "tun/segment.hpp"

#include <algorithm>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tun/checksum.hpp"

namespace jumpgate::tun {
namespace {

constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kUdpHeader = 8;
constexpr std::uint8_t kTcpCwr = 0x80;  // RFC 3168; netinet/tcp.h has not got it

bool is_v6(std::span<const std::uint8_t> packet) {
  return (packet[0] >> 4) == 6;
}

/// Completes a checksum whose field holds the pseudo header's sum.
bool finish_partial_checksum(const VnetHeader& header, std::span<std::uint8_t> packet) {
  const std::size_t start = header.checksum_start;
  const std::size_t field = start + header.checksum_offset;
  if (field + 2 > packet.size()) return false;
  const auto sum =
      static_cast<std::uint16_t>(~base::fold(checksum_add(0, packet.subspan(start))) & 0xffff);
  // A UDP checksum of zero means "none" (RFC 768); for TCP both zeros are the same value.
  store_be16(&packet[field], sum == 0 ? std::uint16_t{0xffff} : sum);
  return true;
}

}  // namespace

bool Segmenter::start(const VnetHeader& header, std::span<std::uint8_t> packet) {
  packet_ = packet;
  offset_ = packet.size();  // done, until everything below holds
  index_ = 0;
  segment_ = 0;
  if (packet.size() < 20) return false;
  const std::uint8_t type = header.gso_type & static_cast<std::uint8_t>(~kGsoEcn);
  if (type == kGsoNone) {
    if ((header.flags & kVnetNeedsChecksum) != 0 && !finish_partial_checksum(header, packet)) {
      return false;
    }
    offset_ = 0;
    headers_ = 0;
    return true;
  }
  if (type != kGsoTcp4 && type != kGsoTcp6 && type != kGsoUdpL4) return false;
  tcp_ = type != kGsoUdpL4;
  transport_ = header.checksum_start;
  if (!check_layout(header)) return false;
  headers_ = transport_ + (tcp_ ? std::size_t{packet[transport_ + 12]} / 16 * 4 : kUdpHeader);
  if (headers_ > packet.size() || (tcp_ && headers_ < transport_ + kTcpHeader)) return false;
  segment_ = header.gso_size;
  offset_ = headers_;
  return true;
}

bool Segmenter::check_layout(const VnetHeader& header) const {
  const std::uint8_t version = packet_[0] >> 4;
  const std::size_t ip_header = version == 6 ? 40 : static_cast<std::size_t>(packet_[0] & 0x0f) * 4;
  return (version == 4 || version == 6) && header.gso_size > 0 && ip_header >= 20 &&
         transport_ >= ip_header && transport_ + (tcp_ ? kTcpHeader : kUdpHeader) <= packet_.size();
}

std::size_t Segmenter::next(std::span<std::uint8_t> out) {
  if (done()) return 0;
  if (segment_ == 0) {
    offset_ = packet_.size();
    if (packet_.size() > out.size()) return 0;
    std::memcpy(out.data(), packet_.data(), packet_.size());
    return packet_.size();
  }
  const std::size_t payload = std::min(segment_, packet_.size() - offset_);
  if (headers_ + payload > out.size()) {
    offset_ = packet_.size();
    return 0;
  }
  std::memcpy(out.data(), packet_.data(), headers_);
  std::memcpy(out.data() + headers_, packet_.data() + offset_, payload);
  const bool first = index_ == 0;
  offset_ += payload;
  finish_headers(out.first(headers_ + payload), payload, first, done());
  ++index_;
  return headers_ + payload;
}

void Segmenter::finish_headers(std::span<std::uint8_t> segment, std::size_t payload, bool first,
                               bool last) const {
  if (is_v6(segment)) {
    store_be16(&segment[4], static_cast<std::uint16_t>(segment.size() - 40));
  } else {
    const std::size_t ip_header = static_cast<std::size_t>(segment[0] & 0x0f) * 4;
    store_be16(&segment[2], static_cast<std::uint16_t>(segment.size()));
    store_be16(&segment[4], static_cast<std::uint16_t>(load_be16(&segment[4]) + index_));
    store_be16(&segment[10], 0);
    store_be16(&segment[10],
               static_cast<std::uint16_t>(~base::fold(checksum_add(0, segment.first(ip_header)))));
  }
  std::uint8_t* transport = &segment[transport_];
  const std::size_t length = segment.size() - transport_;
  std::uint8_t* field = nullptr;
  if (tcp_) {
    store_be32(transport + 4,
               static_cast<std::uint32_t>(load_be32(transport + 4) + index_ * segment_));
    if (!last) transport[13] &= static_cast<std::uint8_t>(~(TH_FIN | TH_PUSH));
    if (!first) transport[13] &= static_cast<std::uint8_t>(~kTcpCwr);
    field = transport + 16;
  } else {
    store_be16(transport + 4, static_cast<std::uint16_t>(kUdpHeader + payload));
    field = transport + 6;
  }
  store_be16(field, 0);
  const std::uint64_t sum =
      checksum_add(pseudo_header_sum(segment, tcp_ ? IPPROTO_TCP : IPPROTO_UDP, length),
                   segment.subspan(transport_));
  const auto checksum = static_cast<std::uint16_t>(~base::fold(sum) & 0xffff);
  store_be16(field, checksum == 0 && !tcp_ ? std::uint16_t{0xffff} : checksum);
}

}  // namespace jumpgate::tun
