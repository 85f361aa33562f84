#include "ctl/peers.hpp"

#include <numeric>
#include <utility>

#include "base/hash.hpp"
#include "base/invariant.hpp"

namespace jumpgate::ctl {

PeerTable::PeerTable(std::uint32_t capacity, base::RandomSource& random)
    : peers_(capacity), roster_(std::make_shared<const Roster>(base::KeyedHash(random))) {}

std::expected<void, std::string> PeerTable::seat(
    std::shared_ptr<const config::GatewayConfig> config) {
  config::ConfigDiff all;
  all.added.resize(config->peers.size());
  std::iota(all.added.begin(), all.added.end(), std::size_t{0});
  auto planned = plan(basis(), all, std::move(config));
  if (!planned) return std::unexpected(planned.error());
  adopt(*planned);
  return {};
}

PeerBasis PeerTable::basis() {
  newer_ = kNoPeer;
  return {.roster = roster_, .free = free_, .free_count = free_count_};
}

std::expected<PeerPlan, std::string> PeerTable::plan(
    const PeerBasis& basis, const config::ConfigDiff& diff,
    std::shared_ptr<const config::GatewayConfig> next) const {
  const Roster& former = *basis.roster;
  PeerPlan plan{.roster = {}, .removed = {}, .taken = 0, .rest = basis.free};
  if (diff.added.size() > capacity() - former.size() + basis.free_count)
    return std::unexpected("no room for " + std::to_string(diff.added.size()) +
                           " more peers; the gateway was started for " +
                           std::to_string(capacity()));
  std::vector<std::uint32_t> places;
  places.reserve(diff.added.size());
  for (std::uint32_t fresh = former.size(); places.size() < diff.added.size();) {
    if (plan.taken == basis.free_count) {
      places.push_back(fresh++);
      continue;
    }
    places.push_back(plan.rest);
    plan.rest = peers_[plan.rest].next_free;
    ++plan.taken;
  }
  plan.removed.reserve(diff.removed.size());
  for (const std::size_t i : diff.removed)
    plan.removed.push_back(former.index_of(i));
  plan.roster = std::make_shared<const Roster>(former, diff, std::move(next), places);
  return plan;
}

void PeerTable::adopt(PeerPlan& plan) {
  if (newer_ == kNoPeer)
    free_ = plan.rest;
  else
    peers_[newer_].next_free = plan.rest;
  free_count_ -= plan.taken;
  roster_.swap(plan.roster);
}

void PeerTable::depart(std::uint32_t index) {
  JG_INVARIANT(!roster_->configured(index));
  Peer& peer = (*this)[index];
  peer.departed = true;
  if (peer.sessions == 0) release(index);
}

void PeerTable::forget_session(std::uint32_t index) {
  Peer& peer = (*this)[index];
  JG_INVARIANT(peer.sessions > 0);
  if (--peer.sessions == 0 && peer.departed) release(index);
}

void PeerTable::release(std::uint32_t index) {
  peers_[index] = Peer{};
  peers_[index].next_free = free_;
  if (newer_ == kNoPeer) newer_ = index;
  free_ = index;
  ++free_count_;
}

}  // namespace jumpgate::ctl
