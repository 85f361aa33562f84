/// What a faulty link does to one direction of traffic: the verdict on each packet, and nothing
/// else.
///
/// Purpose: one model for the relay process and for simulated time. Sans-I/O: a packet's length and
/// time of arrival in, the times of delivery of its copies out. Owner thread: any one. Bound:
/// constant memory, no allocation. Determinism: packet number n draws the same numbers for the same
/// seed whatever the settings are, so that changing one fault does not move the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <string>

#include <jumpgate/time.hpp>

namespace jumpgate::link_faulty {

struct FaultSettings {
  Duration delay{0};    ///< one way
  Duration jitter{0};   ///< uniform in +-jitter around delay; never reorders by itself
  double loss{0};       ///< probability that a packet vanishes
  double duplicate{0};  ///< probability that it arrives twice
  double reorder{0};    ///< probability that it is held back, so that later ones overtake it
  Duration reorder_hold{milliseconds(10)};  ///< for how long
  std::uint64_t rate_bps{0};                ///< bits a second of frames as given; 0: no limit
  Duration rate_queue{
      milliseconds(200)};  ///< longest wait for the rate limit; what would wait longer is dropped
};

/// The largest delay, jitter, hold or wait that is accepted: ten times a geostationary round trip.
inline constexpr Duration kMaxFaultDelay = seconds(6);

/// Why these settings cannot be used, or nothing.
[[nodiscard]] std::expected<void, std::string> validate(const FaultSettings& settings);

enum class Fate : std::uint8_t { kDelivered, kLost, kRateQueueFull };

struct Verdict {
  Fate fate{Fate::kDelivered};
  std::uint8_t copies{0};
  std::array<MonoNs, 2> deliver_at{};  ///< the first `copies` are valid
};

class FaultModel {
 public:
  FaultModel(const FaultSettings& settings, std::uint64_t seed);

  /// The verdict on a packet of `bytes` that arrives at `now`; `now` never decreases from call to
  /// call.
  [[nodiscard]] Verdict offer(MonoNs now, std::size_t bytes);

  /// Holds for the packets offered from here on.
  void set(const FaultSettings& settings) { settings_ = settings; }
  [[nodiscard]] const FaultSettings& settings() const { return settings_; }

 private:
  double draw();

  FaultSettings settings_;
  std::mt19937_64 random_;
  MonoNs line_free_at_{};      // when the rate-limited line has sent all it accepted
  MonoNs last_in_order_at_{};  // jitter keeps the order: nobody in order overtakes this
};

}  // namespace jumpgate::link_faulty
