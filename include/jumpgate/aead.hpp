/// The contract of an AEAD driver: bursts sealed and opened in place.
///
/// Owner thread: one object for each thread and suite; an object is never shared. Expanded keys may
/// be read by several. Bound: no allocation, no lock and no system call in expand, seal and open.
/// Failure: open marks the operation not ok and wipes its data, so that nothing unauthentic is ever
/// read; seal can not fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <jumpgate/types.hpp>

namespace jumpgate {

/// Expanded keys lie on cache lines: the vector code of ipsec-mb loads them aligned and crashes
/// otherwise.
inline constexpr std::size_t kExpandedKeyAlignment = 64;
/// No suite of any driver needs more (AES-256-GCM of ipsec-mb: 1,008 bytes).
inline constexpr std::size_t kMaxExpandedKeySize = 1024;
inline constexpr std::size_t kAeadTagSize = 16;
inline constexpr std::size_t kAeadIvSize = 12;

/// Room for any driver's expanded key.
struct alignas(kExpandedKeyAlignment) ExpandedKey {
  std::array<std::uint8_t, kMaxExpandedKeySize> bytes;
};

/// One packet of a burst. The caller owns everything pointed to; data, aad and tag may adjoin, but
/// not overlap.
struct AeadOp {
  const void* expanded{nullptr};     // made by the same driver and suite
  const std::uint8_t* aad{nullptr};  // authenticated only
  std::uint32_t aad_length{16};      // the prefix of a packet; at most 64
  std::uint32_t length{0};           // bytes of data; 0 is valid
  std::uint8_t* data{nullptr};       // sealed or opened in place; not null even when empty
  std::uint8_t* tag{nullptr};        // 16 bytes: written by seal, compared in constant time by open
  std::array<std::uint8_t, kAeadIvSize> iv{};
  bool ok{false};  // result of open: authentic; seal sets it true
};

class Aead {
 public:
  Aead() = default;
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;
  virtual ~Aead() = default;

  [[nodiscard]] virtual Suite suite() const = 0;
  [[nodiscard]] virtual std::string_view driver_name() const = 0;
  /// Bytes of one expanded key, a multiple of kExpandedKeyAlignment, at most kMaxExpandedKeySize.
  [[nodiscard]] virtual std::size_t expanded_key_size() const = 0;
  /// Writes expanded_key_size() bytes; `expanded` lies on kExpandedKeyAlignment. The caller wipes
  /// it at the end.
  virtual void expand(std::span<const std::uint8_t, 32> key, void* expanded) = 0;
  virtual void seal(std::span<AeadOp> ops) = 0;
  virtual void open(std::span<AeadOp> ops) = 0;
};

}  // namespace jumpgate
