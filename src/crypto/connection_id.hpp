/// The gateway's connection ids (spec/wire.md "Connection ids"): node 8 | worker 6 | slot 22 |
/// generation 20 | check 8, enciphered by a four-pass Feistel network over two halves of 32 bits,
/// AES-128 its round function.
///
///   round i of 4:  L, R = R, L ^ first32(AES(R | i | zeros))        decode runs the rounds
///   backwards
///
/// Owner thread: encode by the controller, decode by any; immutable after construction. Bound:
/// constant time, no allocation. Failure: an id whose check is wrong decodes to nothing (255 of 256
/// random ids), as does zero. Needs AES-NI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/limits.hpp>
#include <jumpgate/types.hpp>

namespace jumpgate::crypto {

/// Where a connection id leads: an index, which the slot's live ids confirm or not.
struct CidFields {
  std::uint8_t node{0};         // 8 bits
  std::uint8_t worker{0};       // 6 bits
  std::uint32_t slot{0};        // 22 bits
  std::uint32_t generation{0};  // 20 bits; +1 for each id a slot issues

  constexpr bool operator==(const CidFields&) const = default;
};

class CidCipher {
 public:
  static constexpr std::size_t kKeySize = 16;
  static constexpr std::size_t kMaxBurst = limits::kBurst;

  /// Whether this CPU has the AES instructions.
  [[nodiscard]] static bool supported();

  explicit CidCipher(std::span<const std::uint8_t, kKeySize> key);
  CidCipher(const CidCipher&) = delete;
  CidCipher& operator=(const CidCipher&) = delete;
  ~CidCipher();

  /// The fields must be in their ranges. One value of 2^64 gives the id zero, which is never used:
  /// take the next generation then.
  [[nodiscard]] ConnectionId encode(const CidFields& fields) const;
  [[nodiscard]] std::optional<CidFields> decode(ConnectionId cid) const;
  /// Decodes at most kMaxBurst ids side by side. Bit i of the result says whether ids[i] is
  /// well-formed; fields[i] means something only then. fields.size() >= ids.size().
  [[nodiscard]] std::uint32_t decode_burst(std::span<const ConnectionId> ids,
                                           std::span<CidFields> fields) const;

 private:
  // 11 round keys of AES-128, 16 bytes each: no vector type in a header that everyone includes.
  alignas(16) std::array<std::uint8_t, 176> round_keys_{};
};

}  // namespace jumpgate::crypto
