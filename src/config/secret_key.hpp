/// 32 bytes of key material that are wiped when they go.
///
/// Owner: whoever holds the value; copies are wiped each for itself.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace jumpgate::config {

class SecretKey {
 public:
  SecretKey() = default;
  explicit SecretKey(const std::array<std::uint8_t, 32>& bytes) : bytes_{bytes} {}
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { ::explicit_bzero(bytes_.data(), bytes_.size()); }

  [[nodiscard]] const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }
  /// In constant time.
  bool operator==(const SecretKey& other) const {
    unsigned difference = 0;
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      difference |= static_cast<unsigned>(bytes_[i] ^ other.bytes_[i]);
    return difference == 0;
  }

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

}  // namespace jumpgate::config
