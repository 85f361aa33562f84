#include "net/prefix_tables.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <set>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_lcore.h>

#include "base/bytes.hpp"
#include "net/route_image.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kFirstStageBytes = std::size_t{4} << 24;
constexpr std::size_t kTbl8Bytes = std::size_t{256} * 4;
// A fib rounds and recycles groups while it is being written.
constexpr std::size_t kTbl8Slack = 32;

// Names must be unique in the process while old images live on.
std::string unique_name(const char* kind) {
  static std::atomic<unsigned> serial{0};
  return fmt::format("jg_{}_{}", kind, serial.fetch_add(1));
}

template <std::size_t N>
std::array<std::uint64_t, N == 4 ? 1 : 2> words_of(const std::uint8_t* bytes) noexcept {
  if constexpr (N == 4)
    return {base::load_be32(bytes)};
  else
    return {base::load_be64(bytes), base::load_be64(bytes + 8)};
}

template <std::size_t N>
std::array<std::uint8_t, N> mask_bytes(std::uint8_t length) {
  std::array<std::uint8_t, N> mask{};
  for (std::size_t bit = 0; bit < length; ++bit)
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | (0x80 >> (bit % 8)));
  return mask;
}

// IPv4: one group for each /24 that holds a longer prefix.
std::size_t tbl8_groups(const std::vector<PrefixEntry<4>>& prefixes) {
  std::set<std::array<std::uint8_t, 3>> roots;
  for (const auto& p : prefixes)
    if (p.length > 24) roots.insert({p.bytes[0], p.bytes[1], p.bytes[2]});
  return roots.size() + kTbl8Slack;
}

// IPv6: rte_fib6 reserves a group for each byte of length beyond the third, unless a shorter prefix
// or a neighbour has reserved some; this is the upper bound of its reservation.
std::size_t tbl8_groups(const std::vector<PrefixEntry<16>>& prefixes) {
  std::size_t groups = kTbl8Slack;
  for (const auto& p : prefixes)
    if (p.length > 24) groups += (p.length + 7U) / 8U - 3U;
  return groups;
}

rte_fib* create_fib(const std::string& name, std::size_t routes, std::size_t groups,
                    std::uint32_t fallback, rte_fib* /*family*/) {
  rte_fib_conf conf{};
  conf.type = RTE_FIB_DIR24_8;
  conf.default_nh = fallback;
  conf.max_routes = static_cast<int>(routes);
  conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
  conf.dir24_8.num_tbl8 = static_cast<std::uint32_t>(groups);
  return rte_fib_create(name.c_str(), static_cast<int>(rte_socket_id()), &conf);
}

rte_fib6* create_fib(const std::string& name, std::size_t routes, std::size_t groups,
                     std::uint32_t fallback, rte_fib6* /*family*/) {
  rte_fib6_conf conf{};
  conf.type = RTE_FIB6_TRIE;
  conf.default_nh = fallback;
  conf.max_routes = static_cast<int>(routes);
  conf.trie.nh_sz = RTE_FIB6_TRIE_4B;
  conf.trie.num_tbl8 = static_cast<std::uint32_t>(groups);
  return rte_fib6_create(name.c_str(), static_cast<int>(rte_socket_id()), &conf);
}

int add(rte_fib* fib, const PrefixEntry<4>& p) {
  return rte_fib_add(fib, base::load_be32(p.bytes.data()), p.length, p.value);
}
int add(rte_fib6* fib, const PrefixEntry<16>& p) {
  return rte_fib6_add(fib, p.bytes.data(), p.length, p.value);
}

std::uint32_t lookup(rte_fib* fib, const std::uint8_t* address) noexcept {
  std::uint32_t ip = base::load_be32(address);
  std::uint64_t value = 0;
  rte_fib_lookup_bulk(fib, &ip, &value, 1);
  return static_cast<std::uint32_t>(value);
}

std::uint32_t lookup(rte_fib6* fib, const std::uint8_t* address) noexcept {
  std::uint8_t ip[1][RTE_FIB6_IPV6_ADDR_SIZE];
  std::copy_n(address, RTE_FIB6_IPV6_ADDR_SIZE, ip[0]);
  std::uint64_t value = 0;
  rte_fib6_lookup_bulk(fib, ip, &value, 1);
  return static_cast<std::uint32_t>(value);
}

void destroy(rte_fib* fib) {
  rte_fib_free(fib);
}
void destroy(rte_fib6* fib) {
  rte_fib6_free(fib);
}

}  // namespace

template <std::size_t N>
PrefixTable<N>::~PrefixTable() {
  rte_hash_free(hash_);
  if (fib_ != nullptr) destroy(fib_);
}

template <std::size_t N>
std::expected<void, std::string> PrefixTable<N>::build(std::vector<PrefixEntry<N>> entries) {
  // Longest first; the same prefix twice comes to stand side by side.
  std::ranges::sort(entries, [](const auto& a, const auto& b) {
    return a.length != b.length ? a.length > b.length : a.bytes < b.bytes;
  });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const auto &a = entries[i - 1], &b = entries[i];
    if (a.length == b.length && a.bytes == b.bytes && a.value != b.value)
      return std::unexpected(std::string("two routes to one prefix"));
  }
  const auto same = [](const auto& a, const auto& b) {
    return a.length == b.length && a.bytes == b.bytes;
  };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  if (!entries.empty() && entries.back().length == 0) {
    default_ = entries.back().value;
    entries.pop_back();
  }
  const auto first_prefix =
      std::ranges::find_if(entries, [](const auto& e) { return e.length < N * 8; });
  const std::vector<PrefixEntry<N>> singles(entries.begin(), first_prefix);
  const std::vector<PrefixEntry<N>> prefixes(first_prefix, entries.end());
  if (auto built = build_hash(singles); !built) return built;
  if (prefixes.size() > kMaxScannedPrefixes) return build_fib(prefixes);
  for (const auto& p : prefixes)
    scanned_.push_back(
        {words_of<N>(p.bytes.data()), words_of<N>(mask_bytes<N>(p.length).data()), p.value});
  return {};
}

template <std::size_t N>
std::expected<void, std::string> PrefixTable<N>::build_hash(
    const std::vector<PrefixEntry<N>>& singles) {
  if (singles.empty()) return {};
  const std::string name = unique_name("single");
  rte_hash_parameters parameters{};
  parameters.name = name.c_str();
  parameters.entries = static_cast<std::uint32_t>(std::max<std::size_t>(singles.size(), 64));
  parameters.key_len = N;
  parameters.hash_func = rte_hash_crc;
  parameters.socket_id = static_cast<int>(rte_socket_id());
  // Chained buckets: every key must find its place, whatever its hash.
  parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
  hash_ = rte_hash_create(&parameters);
  if (hash_ == nullptr)
    return std::unexpected(
        fmt::format("{} single addresses: {}", singles.size(), rte_strerror(rte_errno)));
  for (const auto& single : singles)
    if (rte_hash_add_key_data(hash_, single.bytes.data(),
                              reinterpret_cast<void*>(std::uintptr_t{single.value})) != 0)
      return std::unexpected(fmt::format("{} single addresses: the hash is full", singles.size()));
  footprint_ += parameters.entries * (64 / 8 * 2 + 8 + ((N + 15) / 16 * 16));
  return {};
}

template <std::size_t N>
std::expected<void, std::string> PrefixTable<N>::build_fib(
    const std::vector<PrefixEntry<N>>& prefixes) {
  const std::size_t groups = tbl8_groups(prefixes);
  const std::size_t bytes = kFirstStageBytes + groups * kTbl8Bytes;
  const auto too_big = [&] {
    return std::unexpected(fmt::format("a fib of {} prefixes takes {} MiB of hugepage memory: {}",
                                       prefixes.size(), bytes >> 20, rte_strerror(rte_errno)));
  };
  // Twice: the tree behind it makes up to one inner node for each route.
  fib_ = create_fib(unique_name("prefix"), prefixes.size() * 2 + 64, groups, default_,
                    static_cast<Fib*>(nullptr));
  if (fib_ == nullptr) return too_big();
  // Shortest first, so that a covering prefix is in place when the reservation of a longer one is
  // reckoned.
  for (auto p = prefixes.rbegin(); p != prefixes.rend(); ++p)
    if (add(fib_, *p) != 0) return too_big();
  footprint_ += bytes;
  return {};
}

template <std::size_t N>
std::uint32_t PrefixTable<N>::find(const std::uint8_t* address) const noexcept {
  if (hash_ != nullptr) {
    // Packet bytes lie anywhere; the hash reads whole words of its key.
    alignas(8) std::array<std::uint8_t, N> key;
    std::memcpy(key.data(), address, N);
    void* data = nullptr;
    if (rte_hash_lookup_data(hash_, key.data(), &data) >= 0)
      return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(data));
  }
  if (fib_ != nullptr) return lookup(fib_, address);
  const auto words = words_of<N>(address);
  for (const Scanned& p : scanned_) {
    bool match = true;
    for (std::size_t i = 0; i < words.size(); ++i)
      match = match && (words[i] & p.mask[i]) == p.network[i];
    if (match) return p.value;
  }
  return default_;
}

template class PrefixTable<4>;
template class PrefixTable<16>;

}  // namespace jumpgate::net
