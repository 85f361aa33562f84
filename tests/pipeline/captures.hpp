/// What goes into a harness and comes out of it, as captures for tcpdump and Wireshark, and its counters.
///
/// Use: JUMPGATE_CAPTURES=DIR pipeline --gtest_filter=Drops.Inner leaves in DIR Drops.Inner.1.outer-in.pcap, -out.pcap,
/// the same of the inner port, and Drops.Inner.1.counters: those that are not zero. Without it nothing is written.
/// Bound: kMaxFrames a file. Failure: a file that can not be written stays away.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>

#include <jumpgate/time.hpp>

#include "bus/worker_counters.hpp"

namespace jumpgate::test {

class Captures {
 public:
  enum class Way : std::uint8_t { kIn, kOut };

  Captures();
  /// A frame of port 0 (outer) or 1 (inner).
  void frame(std::uint8_t port, Way way, std::span<const std::uint8_t> bytes, MonoNs at);
  void counters(unsigned worker, const bus::WorkerCounters& counters);

 private:
  static constexpr unsigned kMaxFrames = 2000;
  struct File {
    std::ofstream out;
    unsigned frames{0};
  };

  std::string name_;  // of the files, up to what tells them apart; empty: none are wanted
  std::array<File, 4> files_;
};

}  // namespace jumpgate::test
