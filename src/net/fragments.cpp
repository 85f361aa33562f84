#include "net/fragments.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace jumpgate::net {
namespace {

/// Such an option goes into every fragment (RFC 791 section 3.1).
constexpr std::uint8_t kCopied = 0x80;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kOffsetMask = 0x1fff;

std::size_t header_size(Bytes packet) {
  return std::size_t{packet[0] & 0x0fU} * 4;
}

}  // namespace

std::size_t Fragmenter::copy_header(MutableBytes out) const {
  const std::size_t whole = header_size(packet_);
  if (done_ == 0) {
    std::copy_n(packet_.begin(), whole, out.begin());
    return whole;
  }
  std::copy_n(packet_.begin(), kIpv4Size, out.begin());
  std::size_t size = kIpv4Size;
  for (std::size_t at = kIpv4Size; at < whole && packet_[at] != kIpEndOfOptions;) {
    if (packet_[at] == kIpNoOperation) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < whole ? packet_[at + 1] : 0;
    if (length < 2 || at + length > whole) break;
    if ((packet_[at] & kCopied) != 0) {
      std::copy_n(&packet_[at], length, &out[size]);
      size += length;
    }
    at += length;
  }
  while (size % 4 != 0)
    out[size++] = kIpEndOfOptions;
  out[0] = static_cast<std::uint8_t>(0x40 | (size / 4));
  return size;
}

std::size_t Fragmenter::next(MutableBytes out) {
  const Bytes payload = packet_.subspan(header_size(packet_));
  if (done_ >= payload.size()) return 0;
  const std::size_t header = copy_header(out);
  const std::size_t left = payload.size() - done_;
  const bool last = header + left <= mtu_;
  const std::size_t take = last ? left : (mtu_ - header) & ~std::size_t{7};
  std::copy_n(&payload[done_], take, &out[header]);
  base::store_be16(&out[2], static_cast<std::uint16_t>(header + take));
  // The packet may be a fragment itself: its place and whether more follow are carried on.
  const std::uint16_t own = base::load_be16(&packet_[6]);
  const auto place = static_cast<std::uint16_t>((own & kOffsetMask) + done_ / 8);
  const std::uint16_t more = last ? own & kMoreFragments : kMoreFragments;
  base::store_be16(&out[6], static_cast<std::uint16_t>(place | more));
  base::store_be16(&out[10], 0);
  base::store_be16(&out[10], internet_checksum(out.first(header)));
  done_ += take;
  return header + take;
}

}  // namespace jumpgate::net
