#include "base/secret.hpp"

#include <cstdlib>

#include <sodium/core.h>
#include <sodium/utils.h>

namespace jumpgate::base {
namespace {

// libsodium picks its fast implementations here, before main and so before any thread. Everything
// that uses libsodium wipes secrets too, hence links this file.
[[maybe_unused]] const bool kSodiumReady = [] {
  if (sodium_init() < 0) std::abort();
  return true;
}();

}  // namespace

void wipe(void* memory, std::size_t size) noexcept {
  sodium_memzero(memory, size);
}

bool equal_constant_time(std::span<const std::uint8_t> a,
                         std::span<const std::uint8_t> b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace jumpgate::base
