/// Fragments of an outer datagram, such as a path makes or such as none does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {

/// One piece of a datagram's payload, as a frame.
struct Piece {
  std::size_t from{0};
  std::size_t to{0};
  bool more{true};
};

/// A datagram's frame, of which pieces can be cut as a path would, or as no path would.
class CutDatagram {
 public:
  explicit CutDatagram(ByteVector frame, std::uint32_t id = 7)
      : packet_(frame.begin() + net::kEthernetSize, frame.end()), id_(id) {}
  /// The same under another identification.
  CutDatagram(const CutDatagram& other, std::uint32_t id) : packet_(other.packet_), id_(id) {}

  [[nodiscard]] bool v6() const { return packet_[0] >> 4 == 6; }
  [[nodiscard]] std::size_t size() const { return packet_.size() - header_size(); }
  [[nodiscard]] ByteVector frame(const Piece& piece) const {
    ByteVector out(packet_.begin(), packet_.begin() + static_cast<std::ptrdiff_t>(header_size()));
    if (v6()) {
      out.insert(out.end(), 8, 0);
      out[40] = out[6];
      out[6] = 44;
      base::store_be16(&out[42], static_cast<std::uint16_t>(piece.from | (piece.more ? 1 : 0)));
      base::store_be16(&out[46], static_cast<std::uint16_t>(id_));
    }
    out.insert(out.end(), payload(piece.from), payload(piece.to));
    if (v6()) {
      base::store_be16(&out[4], static_cast<std::uint16_t>(out.size() - net::kIpv6Size));
      return frame_of(kOuterMac, out);
    }
    base::store_be16(&out[2], static_cast<std::uint16_t>(out.size()));
    base::store_be16(&out[4], static_cast<std::uint16_t>(id_));
    base::store_be16(&out[6],
                     static_cast<std::uint16_t>(piece.from / 8 | (piece.more ? 0x2000 : 0)));
    return frame_of(kOuterMac, with_class(out, out[1]));
  }
  /// As a path that carries `step` bytes of payload a packet cuts it.
  [[nodiscard]] std::vector<ByteVector> in_steps(std::size_t step) const {
    std::vector<ByteVector> frames;
    for (std::size_t at = 0; at < size(); at += step)
      frames.push_back(frame({at, std::min(at + step, size()), at + step < size()}));
    return frames;
  }

 private:
  [[nodiscard]] std::size_t header_size() const { return v6() ? net::kIpv6Size : net::kIpv4Size; }
  [[nodiscard]] ByteVector::const_iterator payload(std::size_t at) const {
    return packet_.begin() + static_cast<std::ptrdiff_t>(header_size() + at);
  }

  ByteVector packet_;
  std::uint32_t id_;
};

}  // namespace jumpgate::test
