#include "tools/jumpgen/packet_sizes.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/wire.hpp>

#include "tools/jumpgen/probe.hpp"

namespace jumpgate::jumpgen {
namespace {

constexpr std::size_t kLargest = limits::kMaxDatagram - wire::kTrafficOverhead;

}  // namespace

PacketSizes PacketSizes::fixed(std::uint16_t bytes) {
  std::array<std::uint16_t, kPattern> pattern;
  pattern.fill(bytes);
  return PacketSizes(pattern);
}

PacketSizes PacketSizes::imix() {
  return PacketSizes({64, 576, 64, 64, 576, 64, 1400, 64, 576, 64, 576, 64});
}

std::expected<PacketSizes, std::string> PacketSizes::parse(std::string_view text) {
  if (text == "imix") return imix();
  std::uint16_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{} || end != text.data() + text.size() || bytes < kMinProbe ||
      bytes > kLargest)
    return std::unexpected(
        fmt::format("size '{}'; expected \"imix\" or {} to {} bytes", text, kMinProbe, kLargest));
  return fixed(bytes);
}

std::uint16_t PacketSizes::largest() const {
  return *std::ranges::max_element(pattern_);
}

}  // namespace jumpgate::jumpgen
