/// Counts what a test's own code under observation asks of the heap.
///
/// Link allocations.cpp into the test program: with AddressSanitizer its hook sees each malloc, without it operator new
/// is counted. Owner thread: start and stop belong to one; what any thread asks for meanwhile counts.
#pragma once

#include <cstdint>

namespace jumpgate::test {

/// Whether anything would be seen at all.
[[nodiscard]] bool counts_allocations();
void start_counting_allocations();
/// What the test itself asks for in between does not count while one of these lives.
class UncountedAllocations {
 public:
  UncountedAllocations();
  UncountedAllocations(const UncountedAllocations&) = delete;
  UncountedAllocations& operator=(const UncountedAllocations&) = delete;
  ~UncountedAllocations();

 private:
  bool counting_;
};
/// Since the start.
[[nodiscard]] std::uint64_t stop_counting_allocations();

}  // namespace jumpgate::test
