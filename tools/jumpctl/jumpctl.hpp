/// The operator's command line, over a gateway's control socket.
///
/// Purpose: arguments in, one typed request, text or JSON out. Exit status: 0 done, 1 refused by the
/// gateway, 2 wrong usage or no connection. What went wrong, and what to do, goes to `err`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace jumpgate::jumpctl {

inline constexpr const char* kDefaultSocket = "/run/jumpgate/jumpgated.sock";

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;

/// `arguments` without the program's name.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace jumpgate::jumpctl
