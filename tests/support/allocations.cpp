#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#define JG_ASAN __has_feature(address_sanitizer)
#else
#define JG_ASAN 0
#endif

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};

void count() {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1);
}

}  // namespace

#if JG_ASAN

#include <sanitizer/allocator_interface.h>

namespace {

const int kHooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { count(); }, [](const volatile void*) {});

}  // namespace

#else

namespace {

constexpr int kHooks = 1;

void* counted(std::size_t size) {
  count();
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

#endif

namespace jumpgate::test {

bool counts_allocations() {
  return kHooks > 0;
}

UncountedAllocations::UncountedAllocations() : counting_(counting.exchange(false)) {}
UncountedAllocations::~UncountedAllocations() {
  counting = counting_;
}

void start_counting_allocations() {
  allocations = 0;
  counting = true;
}

std::uint64_t stop_counting_allocations() {
  counting = false;
  return allocations;
}

}  // namespace jumpgate::test
