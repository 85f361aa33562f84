/// Keyed hash (SipHash-2-4) for tables whose keys strangers choose: without the key nobody can aim
/// at one bucket.
///
/// Use: std::unordered_map<Endpoint, T, KeyedHash> map(buckets, KeyedHash(random));
/// Owner thread: any; immutable after construction. Bound: linear in the key. Failure: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <jumpgate/types.hpp>

#include "base/random.hpp"

namespace jumpgate::base {

class KeyedHash {
 public:
  explicit KeyedHash(RandomSource& random) : key_(random.array<16>()) {}

  std::size_t operator()(std::span<const std::uint8_t> bytes) const;
  std::size_t operator()(std::string_view text) const;
  std::size_t operator()(std::uint64_t value) const;
  std::size_t operator()(const IpAddress& address) const;
  std::size_t operator()(const IpPrefix& prefix) const;
  std::size_t operator()(const Endpoint& endpoint) const;
  std::size_t operator()(const MacAddress& mac) const { return (*this)(std::span(mac.bytes)); }
  std::size_t operator()(const SessionId& id) const { return (*this)(std::span(id.bytes)); }
  std::size_t operator()(const ConnectionId& id) const { return (*this)(id.value); }
  template <std::size_t N>
  std::size_t operator()(const std::array<std::uint8_t, N>& bytes) const {
    return (*this)(std::span<const std::uint8_t>(bytes));
  }

 private:
  std::array<std::uint8_t, 16> key_;
};

}  // namespace jumpgate::base
