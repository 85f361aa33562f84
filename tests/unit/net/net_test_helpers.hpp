/// Shorthand of the tests of this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <jumpgate/types.hpp>

#include "base/text.hpp"

namespace jumpgate::net::test {

inline IpAddress ip(std::string_view text) {
  return base::parse_ip(text).value();
}
inline IpPrefix prefix(std::string_view text) {
  return base::parse_prefix(text, base::HostBits::kKeep).value();
}
inline MacAddress mac(std::uint8_t last) {
  return {{0x02, 0, 0, 0, 0, last}};
}
inline std::vector<std::uint8_t> bytes(std::span<const std::uint8_t> from) {
  return {from.begin(), from.end()};
}

/// The same bytes in a heap block of exactly their size, so that ASan sees each byte read beyond.
class Exact {
 public:
  explicit Exact(std::span<const std::uint8_t> from)
      : data_(new std::uint8_t[from.size()]), size_{from.size()} {
    std::copy(from.begin(), from.end(), data_.get());
  }
  [[nodiscard]] std::span<const std::uint8_t> span() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_;
};

}  // namespace jumpgate::net::test
