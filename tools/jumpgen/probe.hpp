/// The measured packet: IPv4 and UDP headers, who sent it when and as which number, and a filling
/// that the receiver compares.
///
///   0 IPv4 20 | 20 UDP 8 | 28 magic u32 | 32 client u32 | 36 trial u32 | 40 sequence u64 |
///   48 time u64 | 56 filling, to the end        (integers little-endian)
///
/// Owner thread: any; pure. Bound: kMinProbe bytes and more; linear in its size, with no memory of
/// its own. Failure: read_probe() gives nothing for what is no whole probe. The UDP checksum is
/// left out (RFC 768): the filling is compared byte by byte instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

namespace jumpgate::jumpgen {

inline constexpr std::size_t kMinProbe = 56;

struct Probe {
  std::uint32_t client{0};
  std::uint32_t trial{0};
  std::uint64_t sequence{0};
  MonoNs sent;
};

/// Fills `packet`, of at least kMinProbe bytes, to its end.
void write_probe(std::span<std::uint8_t> packet, const IpAddress& source,
                 const IpAddress& destination, const Probe& probe);

struct ReceivedProbe {
  IpAddress source;
  IpAddress destination;
  std::size_t size{0};  // of the IP packet
  Probe probe;
};
/// Nothing when headers, lengths, checksum, magic or filling are not those of a probe.
[[nodiscard]] std::optional<ReceivedProbe> read_probe(std::span<const std::uint8_t> packet);

}  // namespace jumpgate::jumpgen
