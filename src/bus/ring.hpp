/// A bounded queue between two threads: one writes, one reads; elements are copied in and out.
///
/// Owner threads: push() belongs to the producer, pop() to the consumer.
/// Bound: `depth` elements. Failure: push() returns false when full; nobody waits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include <rte_errno.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

namespace jumpgate::bus {

template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>, "elements are copied as bytes");
  static_assert(sizeof(T) % 4 == 0, "rte_ring moves multiples of four bytes");

 public:
  Ring() = default;
  Ring(Ring&& other) noexcept : ring_(std::exchange(other.ring_, nullptr)) {}
  Ring& operator=(Ring&& other) noexcept {
    std::swap(ring_, other.ring_);
    return *this;
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { rte_ring_free(ring_); }

  static std::size_t footprint(std::size_t depth) {
    return static_cast<std::size_t>(
        rte_ring_get_memsize_elem(sizeof(T), static_cast<unsigned>(slots(depth))));
  }

  /// `name` is unique in the process, at most 28 bytes.
  static std::expected<Ring, std::string> create(const std::string& name, std::size_t depth,
                                                 int socket) {
    Ring made;
    made.ring_ = rte_ring_create_elem(name.c_str(), sizeof(T), static_cast<unsigned>(depth),
                                      socket < 0 ? SOCKET_ID_ANY : socket,
                                      RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (made.ring_ == nullptr)
      return std::unexpected("no ring " + name + ": " + rte_strerror(rte_errno));
    return made;
  }

  bool push(T element) {  // by value: rte_ring wants a mutable pointer
    return rte_ring_sp_enqueue_elem(ring_, static_cast<void*>(&element), sizeof(T)) == 0;
  }
  /// Places left, as the producer sees it: at least so many push() calls succeed.
  [[nodiscard]] std::size_t room() const {
    // rte_ring_free_count would read the consumer's index as if nobody wrote it.
    const std::uint32_t taken = __atomic_load_n(&ring_->cons.tail, __ATOMIC_ACQUIRE);
    return ring_->capacity - ((ring_->prod.tail - taken) & ring_->mask);
  }
  bool pop(T& element) {
    return rte_ring_sc_dequeue_elem(ring_, static_cast<void*>(&element), sizeof(T)) == 0;
  }

  /// Takes up to `count` elements; returns how many.
  std::size_t pop_burst(T* out, std::size_t count) {
    return rte_ring_sc_dequeue_burst_elem(ring_, static_cast<void*>(out), sizeof(T),
                                          static_cast<unsigned>(count), nullptr);
  }

 private:
  // What an exact rte_ring takes: one slot always stays empty.
  static std::size_t slots(std::size_t depth) { return std::bit_ceil(depth + 1); }

  rte_ring* ring_{nullptr};
};

}  // namespace jumpgate::bus
