/// Inner packets that are larger than an MTU, made to fit it: IPv4 packets that may be cut, cut (RFC 791, RFC 1812 section
/// 5.2.7); what the tunnel may not refuse, in two parts (spec/wire.md "DATA in two parts").
///
/// Owner thread: the worker. Bound: kMaxPieces buffers of the worker's own pool, all of them or
/// none. Failure: without buffers the packet is dropped (`mbuf_exhausted`), for `slot` as well.
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
  /// True: `packet` is gone, and items() are what has become of it; the caller owns them. False: it may not be cut, or is
  /// too large for so many pieces.
  bool cut(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::uint16_t mtu);
  /// Likewise, for the tunnel of `slot`, whose other end puts them together.
  void part(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::uint16_t mtu);
  [[nodiscard]] std::span<rte_mbuf* const> items() const { return {items_.data(), size_}; }

 private:
  std::array<rte_mbuf*, kMaxPieces> items_{};
  std::size_t size_{0};
};

}  // namespace jumpgate::data
