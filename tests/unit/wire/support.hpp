/// Exact-size heap buffers and comparisons for the decoders' tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

namespace jumpgate::test {

/// Calls decode with the bytes in a heap block of exactly their size: a read beyond it is an ASan
/// report.
template <class Decode>
auto on_exact_heap(std::span<const std::uint8_t> bytes, Decode decode) {
  const std::unique_ptr<std::uint8_t[]> heap(new std::uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), heap.get());
  return decode(std::span<const std::uint8_t>(heap.get(), bytes.size()));
}

}  // namespace jumpgate::test
