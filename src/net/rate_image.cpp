#include "net/rate_image.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace jumpgate::net {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
/// Tokens come once in this time, or one by one where that is longer: the rounding of the time between
/// them is 1 in 10,000 then.
constexpr std::uint64_t kPeriod = 10'000;
// A bucket that is smaller than a packet would let none pass. Two of each, so that one that came early
// does not cost the next.
constexpr std::uint64_t kLeastBytes = 2 * std::uint64_t{1500};
constexpr std::uint64_t kLeastPackets = 2;

std::uint32_t next_serial() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

WayProfile make_way(const Rate& rate, Duration burst, unsigned parts) {
  const auto part = [parts](std::uint64_t whole) {
    return whole == 0 ? 0 : std::max<std::uint64_t>(1, whole / parts);
  };
  return {.bytes = make_bucket(part(rate.bytes), burst, kLeastBytes),
          .packets = make_bucket(part(rate.packets), burst, kLeastPackets)};
}

}  // namespace

BucketProfile make_bucket(std::uint64_t rate, Duration burst, std::uint64_t least) {
  if (rate == 0) return {};
  const double within = static_cast<double>(rate) * static_cast<double>(burst.ns) / kSecond;
  const std::uint64_t tokens = std::max<std::uint64_t>(1, rate * kPeriod / kSecond);
  BucketProfile bucket;
  bucket.meter.cbs = std::max(least, static_cast<std::uint64_t>(within));
  bucket.meter.cir_bytes_per_period = tokens;
  bucket.meter.cir_period = tokens * kSecond / rate;
  return bucket;
}

std::unique_ptr<const RateImage> RateImage::build(std::span<const RateSet> sets,
                                                  std::vector<std::uint16_t> of_peer,
                                                  unsigned workers) {
  std::unique_ptr<RateImage> image(new RateImage());
  for (const RateSet& set : sets) {
    RateProfile& profile = image->profiles_.emplace_back();
    for (std::size_t way = 0; way < kWays; ++way) {
      profile.session[way] = make_way(set.session[way], set.burst, 1);
      profile.total[way] = make_way(set.total[way], set.burst, workers);
    }
    profile.quota = set.quota;
  }
  image->sets_.assign(sets.begin(), sets.end());
  image->any_ = std::ranges::any_of(of_peer, [](std::uint16_t set) { return set != kNoRates; });
  image->of_peer_ = std::move(of_peer);
  image->serial_ = next_serial();
  return image;
}

bool RateImage::says_the_same(std::span<const RateSet> sets,
                              std::span<const std::uint16_t> of_peer) const {
  return std::ranges::equal(sets_, sets) && std::ranges::equal(of_peer_, of_peer);
}

}  // namespace jumpgate::net
