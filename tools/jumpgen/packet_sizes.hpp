/// The sizes of inner packets, one after another: fixed, or a mix.
///
/// Owner thread: its owner. Bound: a pattern of twelve, repeated; sizes are bytes of the inner IP
/// packet. Failure: parse() says what is expected.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace jumpgate::jumpgen {

class PacketSizes {
 public:
  static constexpr std::size_t kPattern = 12;

  /// Every packet of `bytes`.
  static PacketSizes fixed(std::uint16_t bytes);
  /// 64, 576 and 1400 bytes as 7:4:1, well mixed: the "simple IMIX" of 40, 576 and 1500, with a
  /// probe's room at its lower end and a tunnel's MTU at its upper one.
  static PacketSizes imix();
  /// "imix", or a number of bytes.
  static std::expected<PacketSizes, std::string> parse(std::string_view text);

  [[nodiscard]] std::uint16_t next() {
    const std::uint16_t size = pattern_.at(at_);
    at_ = at_ + 1 == kPattern ? 0 : at_ + 1;
    return size;
  }
  [[nodiscard]] std::uint16_t largest() const;

 private:
  explicit PacketSizes(const std::array<std::uint16_t, kPattern>& pattern) : pattern_(pattern) {}

  std::array<std::uint16_t, kPattern> pattern_;
  std::size_t at_{0};
};

}  // namespace jumpgate::jumpgen
