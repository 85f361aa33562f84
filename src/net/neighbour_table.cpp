#include "net/neighbour_table.hpp"

#include <string>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_lcore.h>

#include "base/invariant.hpp"

namespace jumpgate::net {
namespace {

// Aligned, since the hash reads whole words of it.
struct alignas(8) Key {
  std::uint8_t port;
  std::uint8_t family;
  std::array<std::uint8_t, 6> zero;
  std::array<std::uint8_t, 16> address;
};
static_assert(sizeof(Key) == 24, "hashed as bytes, so without padding");

Key make_key(std::uint8_t port, const IpAddress& address) {
  return {.port = port,
          .family = static_cast<std::uint8_t>(address.family),
          .zero = {},
          .address = address.bytes};
}

}  // namespace

std::expected<std::unique_ptr<NeighbourTable>, std::string> NeighbourTable::create() {
  static std::atomic<unsigned> serial{0};
  const std::string name = fmt::format("jg_neighbours_{}", serial.fetch_add(1));
  rte_hash_parameters parameters{};
  parameters.name = name.c_str();
  // Twice the entries: a cuckoo table refuses keys before it is full, and deleted keys linger until
  // reclaim.
  parameters.entries = 2 * limits::kMaxNeighbours;
  parameters.key_len = sizeof(Key);
  parameters.hash_func = rte_hash_crc;
  parameters.socket_id = static_cast<int>(rte_socket_id());
  parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF;
  rte_hash* hash = rte_hash_create(&parameters);
  if (hash == nullptr)
    return std::unexpected(fmt::format("neighbour table: {}", rte_strerror(rte_errno)));
  return std::unique_ptr<NeighbourTable>(new NeighbourTable(hash));
}

NeighbourTable::~NeighbourTable() {
  rte_hash_free(hash_);
}

std::optional<std::uint32_t> NeighbourTable::find(std::uint8_t port,
                                                  const IpAddress& address) const noexcept {
  const Key key = make_key(port, address);
  void* data = nullptr;
  if (rte_hash_lookup_data(hash_, &key, &data) < 0) return std::nullopt;
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(data));
}

bool NeighbourTable::insert(std::uint32_t index, std::uint8_t port, const IpAddress& address) {
  JG_INVARIANT(index < limits::kMaxNeighbours);
  const Key key = make_key(port, address);
  // The index itself is the datum; the pointer is never followed.
  return rte_hash_add_key_data(hash_, &key, reinterpret_cast<void*>(std::uintptr_t{index})) == 0;
}

std::int32_t NeighbourTable::remove(std::uint8_t port, const IpAddress& address) {
  const Key key = make_key(port, address);
  return rte_hash_del_key(hash_, &key);
}

void NeighbourTable::release_key(std::int32_t position) {
  if (position >= 0) rte_hash_free_key_with_position(hash_, position);
}

void NeighbourTable::set_mac(std::uint32_t index, const MacAddress& mac) noexcept {
  words_[index].store(kResolvedBit | base::load_le<6>(mac.bytes.data()), std::memory_order_release);
}

void NeighbourTable::clear_mac(std::uint32_t index) noexcept {
  words_[index].store(0, std::memory_order_release);
}

bool NeighbourTable::take_used(std::uint32_t index) noexcept {
  return used_[index].exchange(0, std::memory_order_relaxed) != 0;
}

}  // namespace jumpgate::net
