/// `jump up --daemon`: the caller waits until the tunnel is up, then the program goes on alone.
///
/// Owner thread: main, before any other thread exists. Bound: one line through one pipe.
/// Failure: a child that ends without a word counts as a failure to come up.
#pragma once

#include <functional>
#include <string>

#include "app/jump/program.hpp"

namespace jumpgate::jump {

/// Forks; the child runs `body` with an Announce that reports to the parent and then lets go of the
/// terminal. Returns the exit status of whichever process this is.
[[nodiscard]] int run_as_daemon(const std::function<int(const Announce&)>& body);

}  // namespace jumpgate::jump
