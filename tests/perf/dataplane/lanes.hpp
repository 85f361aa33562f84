/// One measurement: chunks of packets through the workers, the bare AEAD and the bare port, by turns,
/// so that what disturbs the machine disturbs all three.
///
///   chunk: make packets | rounds of the worker until all have left | free them     (timed: middle)
///
/// Each chunk is one sample: some 50 us, so that a core lent to somebody else spoils few of them.
///
/// Owner thread: main starts one lane for each worker, lane 0 on itself, the others on lcores of
/// their own; lanes meet before and after each timed part. Failure: a packet that does not come
/// out within kMaxRounds rounds, or any drop, ends the measurement with a text.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "floor.hpp"
#include "rig.hpp"
#include "samples.hpp"
#include "traffic.hpp"

namespace jumpgate::bench {

/// Nanoseconds a packet; of several workers the mean of their own.
struct Measured {
  Samples worker;
  Samples aead;
  Samples port;
  Samples mpps;  // of all workers together
};

class Lanes {
 public:
  /// Traffic and floor for each worker of the rig.
  static std::expected<std::unique_ptr<Lanes>, std::string> create(Rig& rig);

  std::expected<Measured, std::string> measure(const Recipe& recipe, int chunks);
  /// A packet of every session, so that the caches of expanded keys hold what they can.
  std::expected<void, std::string> warm(const Recipe& recipe);

 private:
  struct Lane {
    std::unique_ptr<Traffic> traffic;
    std::unique_ptr<Floor> floor;
  };
  class Run;
  explicit Lanes(Rig& rig) : rig_(rig) {}

  Rig& rig_;
  std::vector<Lane> lanes_;
};

}  // namespace jumpgate::bench
