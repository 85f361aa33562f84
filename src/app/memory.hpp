/// Keys stay out of core files and out of swap (spec/keys.md "Wiping").
///
/// Owner thread: main, before any key is read. Bound: two limits of the process. Failure:
/// lock_memory() says false when RLIMIT_MEMLOCK forbids it; the program goes on.
#pragma once

namespace jumpgate::app {

/// No core file of this process or its children, and no debugger of the same user.
void forbid_core_dumps();
/// All memory that is used, now and later, stays in RAM. A child of fork does not inherit it.
[[nodiscard]] bool lock_memory();

}  // namespace jumpgate::app
