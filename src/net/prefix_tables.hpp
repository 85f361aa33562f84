/// Longest-prefix match over one family, for route_image.cpp: exact match for single addresses
/// (rte_hash), a scan or a fib (rte_fib, rte_fib6) for prefixes. The default route is no prefix,
/// but the answer when nothing else matches.
///
/// Owner: the controller builds; afterwards immutable, any thread reads. Bound: memory from the EAL
/// heap in proportion to the content, 64 MiB and the tbl8 groups for a fib. Failure: build() says
/// what did not fit; two different values for one prefix are a failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <vector>

struct rte_hash;
struct rte_fib;
struct rte_fib6;

namespace jumpgate::net {

template <std::size_t N>
struct PrefixEntry {
  std::array<std::uint8_t, N> bytes{};  // network order, host bits clear
  std::uint8_t length{0};
  std::uint32_t value{0};  // 31 bits
};

/// N: 4 or 16 bytes of address.
template <std::size_t N>
class PrefixTable {
 public:
  PrefixTable() = default;
  ~PrefixTable();
  PrefixTable(const PrefixTable&) = delete;
  PrefixTable& operator=(const PrefixTable&) = delete;

  std::expected<void, std::string> build(std::vector<PrefixEntry<N>> entries);
  /// 0 when nothing matches. `address` has N bytes in network order.
  [[nodiscard]] std::uint32_t find(const std::uint8_t* address) const noexcept;
  [[nodiscard]] std::size_t footprint() const noexcept { return footprint_; }
  [[nodiscard]] bool uses_fib() const noexcept { return fib_ != nullptr; }

 private:
  using Fib = std::conditional_t<N == 4, rte_fib, rte_fib6>;
  // A prefix as two words a side: masked comparison without loops.
  struct Scanned {
    std::array<std::uint64_t, N == 4 ? 1 : 2> network{};
    std::array<std::uint64_t, N == 4 ? 1 : 2> mask{};
    std::uint32_t value{0};
  };

  std::expected<void, std::string> build_hash(const std::vector<PrefixEntry<N>>& singles);
  std::expected<void, std::string> build_fib(const std::vector<PrefixEntry<N>>& prefixes);

  std::uint32_t default_{0};
  rte_hash* hash_{nullptr};
  Fib* fib_{nullptr};
  std::vector<Scanned> scanned_;  // longest first
  std::size_t footprint_{0};
};

extern template class PrefixTable<4>;
extern template class PrefixTable<16>;

}  // namespace jumpgate::net
