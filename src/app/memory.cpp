#include "app/memory.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace jumpgate::app {

void forbid_core_dumps() {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

bool lock_memory() {
  // What is reserved and never touched (EAL reserves gigabytes of addresses) holds no key.
  return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

}  // namespace jumpgate::app
