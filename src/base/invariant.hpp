// Invariants: conditions that only a fault of our own can break.
//
// Purpose: stop at the first sign of corrupt internal state, instead of going on with it.
// Owner thread: any; the failure path prints one line to stderr and aborts.
// Bound: one branch where JG_DEBUG_INVARIANTS is defined; nothing at run time elsewhere, though the
// condition is still compiled, so that a release build keeps it valid.
// Never for input: a bad packet, file or request is a counted drop or an error value.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace jumpgate {

[[noreturn, gnu::cold, gnu::noinline]] inline void invariant_failed(const char* expression,
                                                                    const char* file,
                                                                    int line) noexcept {
  std::fprintf(stderr, "invariant violated: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace jumpgate

#ifdef JG_DEBUG_INVARIANTS
#define JG_INVARIANT(...)         \
  (static_cast<bool>(__VA_ARGS__) \
       ? static_cast<void>(0)     \
       : ::jumpgate::invariant_failed(#__VA_ARGS__, __FILE__, __LINE__))
#else
#define JG_INVARIANT(...) static_cast<void>(sizeof(static_cast<bool>(__VA_ARGS__)))
#endif

// A place that no valid state reaches, in every build: an explicit end beats undefined
// continuation.
#define JG_UNREACHABLE() ::jumpgate::invariant_failed("unreachable", __FILE__, __LINE__)
