/// One named, zeroed block of hugepage memory on one NUMA node.
///
/// Purpose: what both planes touch is taken once, at start, and never grows.
/// Owner thread: made and freed by the thread that sets the process up.
/// Bound: exactly the size asked for. Failure: create() returns an error, nothing is left behind.
#pragma once

#include <cstddef>
#include <expected>
#include <new>
#include <span>
#include <string>
#include <type_traits>

struct rte_memzone;

namespace jumpgate::bus {

class Zone {
 public:
  Zone() = default;
  Zone(Zone&& other) noexcept;
  Zone& operator=(Zone&& other) noexcept;
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  ~Zone();

  /// `name` is unique in the process, at most 31 bytes. `socket` -1: any. Memory for secrets is
  /// kept out of swap and core dumps where the limits of the process allow; hugepages never swap.
  static std::expected<Zone, std::string> create(const std::string& name, std::size_t bytes,
                                                 int socket, bool secret);

  [[nodiscard]] void* data() const;
  [[nodiscard]] std::size_t size() const;

  /// `count` value-initialised objects from the zone's start; nothing runs at their end.
  template <typename T>
  std::span<T> objects(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    auto* first = static_cast<T*>(data());
    for (std::size_t i = 0; i < count; ++i)
      ::new (static_cast<void*>(first + i)) T{};
    return {first, count};
  }

 private:
  void free() noexcept;

  const rte_memzone* zone_{nullptr};
  bool secret_{false};
};

/// Bytes of `count` objects of T in a zone.
template <typename T>
constexpr std::size_t zone_bytes(std::size_t count) {
  return count * sizeof(T);
}

}  // namespace jumpgate::bus
