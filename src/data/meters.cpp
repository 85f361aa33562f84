#include "data/meters.hpp"

#include <array>

#include <rte_meter.h>

#include "data/reporting.hpp"
#include "net/rate_image.hpp"

namespace jumpgate::data {
namespace {

using net::BucketProfile;
using net::RateImage;
using net::RateProfile;
using net::Way;
using net::WayProfile;

constexpr std::array kBothWays{Way::kIn, Way::kOut};
constexpr std::array<std::uint8_t, 2> kToldAt{80, 100};  // percent of a quota

const WayProfile& of(const std::array<WayProfile, net::kWays>& ways, Way way) {
  return ways[static_cast<std::size_t>(way)];
}

/// Without a bound there are always tokens.
rte_meter_srtcm full(const BucketProfile& bucket, MonoNs now) {
  return {.time = now.ns, .tc = bucket.any() ? bucket.meter.cbs : UINT64_MAX, .te = 0};
}
void fill(WayMeters& meters, const WayProfile& profile, MonoNs now) {
  meters.bytes = full(profile.bytes, now);
  meters.packets = full(profile.packets, now);
  meters.filled = now;
}

void refill(rte_meter_srtcm& bucket, const BucketProfile& profile, MonoNs now) {
  // rte_meter takes the profile as its own and only reads it. Nothing is asked of it: it only adds.
  auto* rules = const_cast<rte_meter_srtcm_profile*>(&profile.meter);
  if (profile.any()) rte_meter_srtcm_color_blind_check(&bucket, rules, now.ns, 0);
}
/// What the time since has brought. Within a round time stands still, and nothing comes.
void refill(WayMeters& meters, const WayProfile& profile, MonoNs now) {
  if (meters.filled == now) return;
  refill(meters.bytes, profile.bytes, now);
  refill(meters.packets, profile.packets, now);
  meters.filled = now;
}

/// The colour green (RFC 2697 section 3), and no other.
bool take(rte_meter_srtcm& bucket, std::size_t tokens) {
  if (bucket.tc < tokens) return false;
  bucket.tc -= tokens;
  return true;
}
bool take(WayMeters& meters, std::size_t length) {
  return take(meters.packets, 1) && take(meters.bytes, length);
}

std::uint64_t bytes_of_session(Shard& shard, std::uint32_t slot) {
  const bus::SessionCounters& counters = shard.session_counters[slot];
  return counters.rx_bytes.get() + counters.tx_bytes.get();
}
/// What `percent` of a quota is, without an overflow for any quota.
std::uint64_t share(std::uint64_t quota, std::uint8_t percent) {
  return quota / 100 * percent + quota % 100 * percent / 100;
}

/// The next look at a quota: at the first share that was not told of yet; from all of it on, always.
void plan_look(Shard& shard, std::uint32_t slot, std::uint64_t quota) {
  const SlotRecord& record = shard.sessions.record(slot);
  std::uint64_t at = UINT64_MAX;
  if (quota != 0) {
    at = share(quota, record.quota_told < kToldAt[0] ? kToldAt[0] : kToldAt[1]);
    at = at > record.carried ? at - record.carried : 0;
  }
  for (const Way way : kBothWays)
    shard.meters.of(slot, way).look_at = at;
}

/// The session's first packet by this image.
void adopt(Shard& shard, std::uint32_t slot) {
  const RateImage& image = *shard.rates;
  SlotIds& hot = shard.sessions.ids(slot);
  hot.rates_by = image.serial();
  hot.rates = image.set_of(hot.peer);
  if (hot.rates == net::kNoRates) return;
  const RateProfile& profile = image.profile(hot.rates);
  for (const Way way : kBothWays)
    fill(shard.meters.of(slot, way), of(profile.session, way), shard.now);
  shard.sessions.record(slot).quota_told = 0;
  plan_look(shard, slot, profile.quota);
}

void adopt_totals(Shard& shard) {
  const RateImage& image = *shard.rates;
  shard.meters.totals_by = image.serial();
  for (std::uint16_t set = 0; set < image.sets(); ++set)
    for (const Way way : kBothWays)
      fill(shard.meters.total(set, way), of(image.profile(set).total, way), shard.now);
}

/// Tells of the shares that are used up; false: of all of it.
bool within_quota(Shard& shard, std::uint32_t slot, std::uint64_t quota) {
  SlotRecord& record = shard.sessions.record(slot);
  const std::uint64_t used = record.carried + bytes_of_session(shard, slot);
  for (const std::uint8_t percent : kToldAt) {
    if (used < share(quota, percent) || record.quota_told >= percent) continue;
    bus::Report report;
    report.kind = bus::ReportKind::kQuota;
    report.session = shard.ref(slot);
    report.value = percent;
    // What the full ring did not take is due again at the next packet.
    if (!send_report(shard, report)) break;
    record.quota_told = percent;
  }
  plan_look(shard, slot, quota);
  return used < quota;
}

}  // namespace

bool meter(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::size_t length, Way way) {
  const RateImage& image = *shard.rates;
  const SlotIds& hot = shard.sessions.ids(slot);
  if (hot.rates_by != image.serial()) adopt(shard, slot);
  if (hot.rates == net::kNoRates) return true;
  if (shard.meters.totals_by != image.serial()) adopt_totals(shard);
  const RateProfile& profile = image.profile(hot.rates);
  WayMeters& session = shard.meters.of(slot, way);
  WayMeters& total = shard.meters.total(hot.rates, way);
  if (bytes_of_session(shard, slot) >= session.look_at && !within_quota(shard, slot, profile.quota))
    return drop_of(shard, slot, packet, DropReason::kQuotaExhausted);
  refill(session, of(profile.session, way), shard.now);
  refill(total, of(profile.total, way), shard.now);
  // The session first: what is too much for itself takes nothing from the others of its set.
  if (take(session, length) && take(total, length)) return true;
  return drop_of(shard, slot, packet,
                 way == Way::kIn ? DropReason::kRateExceededIn : DropReason::kRateExceededOut);
}

void set_carried(Shard& shard, std::uint32_t slot, std::uint64_t bytes) {
  shard.sessions.record(slot).carried = bytes;
  for (const Way way : kBothWays) {
    WayMeters& meters = shard.meters.of(slot, way);
    if (meters.look_at != UINT64_MAX) meters.look_at = 0;  // with the next packet
  }
}

}  // namespace jumpgate::data
