/// A statistic with one writer and any number of readers: no lock, no atomic read-modify-write.
///
/// Owner thread: add and set belong to the one writer; get to everyone. A reader may be late, never
/// torn.
#pragma once

#include <atomic>
#include <type_traits>

namespace jumpgate::bus {

template <typename T>
class Counter {
  static_assert(std::is_trivially_copyable_v<T> && std::atomic<T>::is_always_lock_free);

 public:
  [[nodiscard]] T get() const { return value_.load(std::memory_order_relaxed); }
  void set(T value) { value_.store(value, std::memory_order_relaxed); }
  void add(T amount) { set(static_cast<T>(get() + amount)); }

 private:
  std::atomic<T> value_{};
};

}  // namespace jumpgate::bus
