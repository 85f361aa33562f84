/// Inner packets that are larger than an MTU, made to fit it: IPv4 packets that may be cut, cut (RFC 791, RFC 1812 section
/// 5.2.7); IPv6 packets that no tunnel may refuse, in two parts (spec/wire.md "DATA in two parts").
///
/// Owner thread: the worker. Bound: kMaxPieces buffers of the worker's own pool, all of them or
/// none. Failure: false when that is not for this packet, or it is too large for so many pieces; without
/// buffers it is dropped (`mbuf_exhausted`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "data/shard.hpp"
#include "net/fragments.hpp"
#include "net/parts.hpp"

namespace jumpgate::data {

/// A jumbo frame through the smallest tunnel takes eight.
inline constexpr std::size_t kMaxPieces = 16;

class Pieces {
 public:
  /// True: `packet` is gone, and items() are what has become of it; the caller owns them.
  bool cut(Shard& shard, rte_mbuf* packet, std::uint16_t mtu);
  /// Likewise; for a tunnel alone, whose other end puts them together.
  bool part(Shard& shard, rte_mbuf* packet, std::uint16_t mtu);
  [[nodiscard]] std::span<rte_mbuf* const> items() const { return {items_.data(), size_}; }

 private:
  std::array<rte_mbuf*, kMaxPieces> items_{};
  std::size_t size_{0};
};

}  // namespace jumpgate::data
