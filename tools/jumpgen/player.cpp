#include "tools/jumpgen/player.hpp"

#include <algorithm>

namespace jumpgate::jumpgen {
namespace {

constexpr Duration kArpTimeout = seconds(5);
/// Beyond the time that beginning all handshakes takes: HELLOs are repeated after 1 s and more.
constexpr Duration kOpenGrace = seconds(15);
/// Packets under way are waited for until none has come for so long, and no longer than the second.
constexpr Duration kQuietTime = milliseconds(200);
constexpr Duration kDrainTimeout = seconds(3);
/// What a rate may catch up with after a pause: enough for a turn, too little for a burst that
/// would overrun a queue by itself.
constexpr Duration kCatchUp = milliseconds(1);
constexpr Duration kCloseTime = milliseconds(200);
/// No port carries more packets: a flat-out sender is bounded by the room in its queue.
constexpr std::uint64_t kFlatOut = 1'000'000'000;

base::TokenBucket budget_of(std::uint64_t rate, MonoNs now) {
  const std::uint64_t tokens = rate == 0 ? kFlatOut : rate;
  const auto burst = std::max<std::uint64_t>(
      limits::kBurst, tokens * static_cast<std::uint64_t>(kCatchUp.us()) / 1'000'000);
  return {{.tokens = tokens, .per = seconds(1), .burst = burst}, now};
}

SessionCounts difference(const SessionCounts& after, const SessionCounts& before) {
  return {.attached = after.attached - before.attached,
          .ended = after.ended - before.ended,
          .jumps_begun = after.jumps_begun - before.jumps_begun,
          .jumps_done = after.jumps_done - before.jumps_done,
          .jumps_failed = after.jumps_failed - before.jumps_failed,
          .moves_unasked = after.moves_unasked - before.moves_unasked};
}

}  // namespace

bool TrialResult::kept_up() const {
  if (load.rate == 0) return true;
  const double wanted =
      0.99 * static_cast<double>(load.rate) * static_cast<double>(took.ns) / 1'000'000'000;
  return (!load.up || static_cast<double>(up.sent) >= wanted) &&
         (!load.down || static_cast<double>(down.sent) >= wanted);
}

MonoNs Player::turn() {
  const MonoNs now = clock_();
  parts_.swarm.poll(now);
  parts_.host.poll(now);
  parts_.outer.flush();
  parts_.inner.flush();
  return now;
}

bool Player::resolve() {
  const MonoNs deadline = clock_() + kArpTimeout;
  while (!parts_.outer.resolved() || !parts_.inner.resolved()) {
    const MonoNs now = clock_();
    if (now > deadline || stopping_()) return false;
    parts_.outer.tick(now);
    parts_.inner.tick(now);
    (void)turn();
  }
  return true;
}

Opening Player::open(std::uint64_t per_second) {
  Opening opening;
  opening.wanted = parts_.swarm.size();
  opening.gateway_answers = resolve();
  if (!opening.gateway_answers) return opening;
  const MonoNs began = clock_();
  base::TokenBucket budget({.tokens = per_second, .per = seconds(1), .burst = limits::kBurst},
                           began);
  const MonoNs deadline =
      began + seconds(static_cast<std::int64_t>(opening.wanted / per_second)) + kOpenGrace;
  const std::uint64_t before = parts_.ground.counts.attached;
  std::uint32_t begun = 0;
  MonoNs now = began;
  while (now < deadline && !stopping_()) {
    now = turn();
    while (begun < opening.wanted && budget.take(now))
      parts_.swarm.start(begun++, now);
    if (parts_.ground.counts.attached - before >= opening.wanted) break;
  }
  opening.attached = parts_.swarm.attached();
  opening.took = now - began;
  return opening;
}

void Player::send(Sender& sender, const Load& load, Station& through, bool up, MonoNs now) {
  // Room for a control message beside each packet: a burst of data must not push them out.
  const std::uint64_t room = through.room() / 2;
  auto due = std::min<std::uint64_t>({sender.budget.available(now), room, limits::kBurst});
  while (due > 0) {
    const std::uint64_t train = std::min(due, load.train);
    (void)sender.budget.take(now, train);
    if (up) {
      parts_.swarm.send(sender.next, train, sender.sizes, now);
    } else {
      parts_.host.send(sender.next, train, sender.sizes, now);
    }
    sender.next = sender.next + 1 == parts_.swarm.size() ? 0 : sender.next + 1;
    due -= train;
  }
}

void Player::jump(base::TokenBucket& budget, MonoNs now) {
  // A session that can not jump now is passed over; each is asked once a turn at most.
  for (std::uint32_t asked = 0; asked < parts_.swarm.size() && budget.available(now) > 0; ++asked) {
    const std::uint32_t client = next_jump_;
    next_jump_ = next_jump_ + 1 == parts_.swarm.size() ? 0 : next_jump_ + 1;
    if (parts_.swarm.jump(client, now)) {
      (void)budget.take(now);
    } else {
      return;
    }
  }
}

TrialResult Player::run(const Load& load, PacketSizes sizes) {
  ++trial_;
  parts_.up.begin(trial_);
  parts_.down.begin(trial_);
  parts_.ground.jump_time.clear();
  const SessionCounts before = parts_.ground.counts;
  const MonoNs began = clock_();
  Sender up{.budget = budget_of(load.rate, began), .sizes = sizes};
  Sender down{.budget = budget_of(load.rate, began), .sizes = sizes};
  base::TokenBucket jumps({.tokens = load.jumps_per_second, .per = seconds(1), .burst = 1}, began);
  MonoNs now = began;
  while (now - began < load.duration && !stopping_()) {
    now = turn();
    if (load.up) send(up, load, parts_.outer, true, now);
    if (load.down) send(down, load, parts_.inner, false, now);
    if (load.jumps_per_second > 0) jump(jumps, now);
  }
  TrialResult result;
  result.load = load;
  result.took = now - began;
  drain();
  result.up = parts_.up.counts();
  result.down = parts_.down.counts();
  result.up_latency = parts_.up.latency();
  result.down_latency = parts_.down.latency();
  result.sessions = difference(parts_.ground.counts, before);
  result.jump_time = parts_.ground.jump_time;
  return result;
}

void Player::drain() {
  const MonoNs began = clock_();
  MonoNs last_arrival = began;
  std::uint64_t received = 0;
  MonoNs now = began;
  while (now - began < kDrainTimeout && now - last_arrival < kQuietTime) {
    now = turn();
    const std::uint64_t sum = parts_.up.counts().received + parts_.down.counts().received;
    if (sum != received) last_arrival = now;
    received = sum;
  }
}

void Player::close() {
  for (std::uint32_t i = 0; i < parts_.swarm.size(); ++i) {
    parts_.swarm.close(i, clock_());
    if (i % limits::kBurst == 0) (void)turn();
  }
  for (const MonoNs until = clock_() + kCloseTime; clock_() < until;)
    (void)turn();
}

}  // namespace jumpgate::jumpgen
