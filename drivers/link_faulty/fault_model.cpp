#include "link_faulty/fault_model.hpp"

#include <algorithm>

namespace jumpgate::link_faulty {
namespace {

constexpr bool is_probability(double p) {
  return p >= 0.0 && p <= 1.0;
}
constexpr bool is_delay(Duration d) {
  return d >= Duration{0} && d <= kMaxFaultDelay;
}

Duration scaled(Duration d, double factor) {
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(d.ns) * factor));
}

Duration time_on_line(std::size_t bytes, std::uint64_t rate_bps) {
  constexpr double kBitNs = 8.0 * 1e9;
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(bytes) * kBitNs /
                                               static_cast<double>(rate_bps)));
}

}  // namespace

std::expected<void, std::string> validate(const FaultSettings& settings) {
  if (!is_probability(settings.loss) || !is_probability(settings.duplicate) ||
      !is_probability(settings.reorder)) {
    return std::unexpected("loss, duplicate and reorder are probabilities from 0 to 1");
  }
  if (!is_delay(settings.delay) || !is_delay(settings.jitter) || !is_delay(settings.reorder_hold) ||
      !is_delay(settings.rate_queue)) {
    return std::unexpected("delays are from 0 to 6000 ms");
  }
  return {};
}

FaultModel::FaultModel(const FaultSettings& settings, std::uint64_t seed)
    : settings_(settings), random_(seed) {}

// std::uniform_real_distribution may differ from one library to the next; this does not.
double FaultModel::draw() {
  return static_cast<double>(random_() >> 11) * 0x1p-53;
}

Verdict FaultModel::offer(MonoNs now, std::size_t bytes) {
  const double loss_draw = draw();
  const double duplicate_draw = draw();
  const double reorder_draw = draw();
  const double jitter_draw = draw();

  if (loss_draw < settings_.loss) {
    return {.fate = Fate::kLost};
  }

  MonoNs at = now;
  if (settings_.rate_bps > 0) {
    const MonoNs start = std::max(now, line_free_at_);
    if (start - now > settings_.rate_queue) {
      return {.fate = Fate::kRateQueueFull};
    }
    line_free_at_ = start + time_on_line(bytes, settings_.rate_bps);
    at = line_free_at_;
  }

  const Duration jitter = scaled(settings_.jitter, 2.0 * jitter_draw - 1.0);
  at = at + std::max(Duration{0}, settings_.delay + jitter);
  if (reorder_draw < settings_.reorder) {
    at = std::max(at, last_in_order_at_) + settings_.reorder_hold;
  } else {
    at = std::max(at, last_in_order_at_);
    last_in_order_at_ = at;
  }

  const std::uint8_t copies = duplicate_draw < settings_.duplicate ? 2 : 1;
  return {.fate = Fate::kDelivered, .copies = copies, .deliver_at = {at, at}};
}

}  // namespace jumpgate::link_faulty
