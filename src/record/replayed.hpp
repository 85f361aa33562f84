/// What a replay comes to, well or not.
///
/// Owner thread: values. Bound and failure: none.
#pragma once

#include <cstdint>
#include <string>

namespace jumpgate::record {

struct Replayed {
  std::uint64_t inputs{0};
  std::uint64_t exchanges{0};  // with the ports, all of them as recorded
  std::uint64_t events{0};     // of these
  std::uint64_t sessions{0};   // alive at the end
  bool whole{false};           // the recorder ended it; else its program ended without a word
};

struct ReplayFault {
  enum class Kind : std::uint8_t {
    kFile,        // no whole recording of this version, or none that a gateway makes
    kDifference,  // the core does something else
  };
  Kind kind{};
  std::string text;
};

}  // namespace jumpgate::record
