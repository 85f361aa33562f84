#include "floor.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <jumpgate/wire.hpp>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "crypto/nonce.hpp"
#include "net/frames.hpp"
#include "samples.hpp"
#include "session/replay_window.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::size_t kSealedText =
    net::kEthernetSize + net::kIpv4Size + net::kUdpSize + wire::kPrefixSize;
/// Caches of the floor have numbers that no worker has.
constexpr unsigned kFirstCache = 48;
constexpr int kRepeats = 31;

double to_ns(std::uint64_t cycles) {
  return static_cast<double>(cycles) * 1e9 / static_cast<double>(rte_get_tsc_hz());
}

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "benchmark: %s\n", what);
  std::abort();
}

}  // namespace

Floor::Floor(Rig& rig, unsigned lane, data::ExpandedKeys cache)
    : rig_(rig),
      lane_(static_cast<std::uint16_t>(lane)),
      aead_(aead_ipsecmb::make_aead(rig.options().suite)),
      cache_(std::move(cache)),
      client_keys_(rig.options().sessions),
      gateway_keys_(rig.options().sessions) {
  for (std::uint32_t i = 0; i < rig.options().sessions; ++i) {
    client_keys_[i] = client_key(i);
    gateway_keys_[i] = gateway_key(i);
  }
}

std::expected<std::unique_ptr<Floor>, std::string> Floor::create(Rig& rig, unsigned lane) {
  auto cache = data::ExpandedKeys::create(kFirstCache + lane, rig.options().expanded_keys, -1);
  if (!cache) return std::unexpected(cache.error());
  return std::unique_ptr<Floor>(new Floor(rig, lane, std::move(*cache)));
}

std::uint64_t Floor::aead(const Recipe& recipe, const Traffic& traffic,
                          std::span<rte_mbuf*> packets) {
  const bool seal = recipe.flow == Flow::kSeal;
  const std::vector<TrafficKey>& keys = seal ? gateway_keys_ : client_keys_;
  bool all_ok = true;
  std::array<AeadOp, limits::kBurst> ops;
  const std::uint64_t start = rte_rdtsc_precise();
  for (std::size_t first = 0; first < packets.size(); first += ops.size()) {
    cache_.begin_burst();
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const std::size_t at = first + i;
      const std::uint32_t session = traffic.session_of(at);
      AeadOp& op = ops[i];
      op.expanded = cache_.get(2 * std::uint64_t{session} + (seal ? 1 : 2), *aead_,
                               keys[session].key, counters_);
      op.data = rte_pktmbuf_mtod_offset(packets[at], std::uint8_t*,
                                        seal ? net::kEthernetSize : kSealedText);
      op.aad = op.data - wire::kPrefixSize;
      op.length = static_cast<std::uint32_t>(traffic.length_of(at));
      op.tag = op.data + op.length;
      op.iv = crypto::traffic_nonce(keys[session].iv, traffic.counter_of(at));
    }
    if (seal)
      aead_->seal(ops);
    else
      aead_->open(ops);
    for (const AeadOp& op : ops)
      all_ok = all_ok && op.ok;
  }
  const std::uint64_t cycles = rte_rdtsc_precise() - start;
  if (!all_ok) die("the floor's packets do not open");
  return cycles;
}

std::uint64_t Floor::port(const Recipe& recipe, std::span<rte_mbuf*> packets) {
  BenchPort& in = recipe.flow == Flow::kSeal ? rig_.inner() : rig_.outer();
  BenchPort& out = recipe.flow == Flow::kSeal ? rig_.outer() : rig_.inner();
  in.load(lane_, packets);
  out.load(lane_, {});
  PacketPort& from = in;
  PacketPort& to = out;
  const std::uint64_t start = rte_rdtsc_precise();
  while (out.sent_count(lane_) < packets.size()) {
    std::array<rte_mbuf*, limits::kBurst> burst;
    std::uint16_t count = to.rx_burst(lane_, burst);
    count = from.rx_burst(lane_, burst);
    to.tx_burst(lane_, std::span(burst).first(count));
  }
  return rte_rdtsc_precise() - start;
}

ReplayCost measure_replay(std::size_t window_packets) {
  constexpr std::size_t kCount = 16'384;
  std::vector<std::uint64_t> in_order(kCount);
  std::iota(in_order.begin(), in_order.end(), 0);
  std::vector<std::uint64_t> reordered = in_order;
  const std::size_t reach = window_packets / 2;
  test::SeededRandom random(3);
  for (std::size_t i = 0; i < kCount; ++i) {
    std::array<std::uint8_t, 4> bytes{};
    random.fill(bytes);
    const std::size_t block = i / reach * reach;
    std::swap(reordered[i],
              reordered[std::min(block + base::load_le32(bytes.data()) % reach, kCount - 1)]);
  }
  std::vector<std::uint64_t> memory(session::ReplayWindow::words_for(window_packets));
  const auto run = [&](session::ReplayWindow& window, const std::vector<std::uint64_t>& counters,
                       std::size_t expected) {
    std::size_t accepted = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    for (const std::uint64_t counter : counters) {
      if (window.check(counter) != session::ReplayVerdict::kOk) continue;
      window.commit(counter);
      ++accepted;
    }
    const std::uint64_t cycles = rte_rdtsc_precise() - start;
    if (accepted != expected) die("the replay window took other packets than it should");
    return to_ns(cycles) / static_cast<double>(kCount);
  };
  Samples plain;
  Samples shuffled;
  Samples replays;
  for (int i = 0; i < kRepeats; ++i) {
    session::ReplayWindow window(memory);
    plain.add(run(window, in_order, kCount));
    replays.add(run(window, in_order, 0));
    session::ReplayWindow fresh(memory);
    shuffled.add(run(fresh, reordered, kCount));
  }
  return {plain.median(), shuffled.median(), replays.median()};
}

double warm_aead_ns(Suite suite, Flow flow, std::size_t length) {
  constexpr std::size_t kBuffer = 2048;
  constexpr int kBursts = 16;
  const auto aead = aead_ipsecmb::make_aead(suite);
  std::vector<ExpandedKey> expanded(1);
  aead->expand(client_key(0).key, expanded[0].bytes.data());
  std::vector<std::uint8_t> buffers(limits::kBurst * kBuffer);
  std::array<AeadOp, limits::kBurst> ops;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    ops[i].expanded = expanded[0].bytes.data();
    ops[i].aad = buffers.data() + i * kBuffer;
    ops[i].data = buffers.data() + i * kBuffer + wire::kPrefixSize;
    ops[i].length = static_cast<std::uint32_t>(length);
    ops[i].tag = ops[i].data + length;
  }
  Samples samples;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    std::uint64_t cycles = 0;
    for (int i = 0; i < kBursts; ++i) {
      if (flow == Flow::kOpen) aead->seal(ops);  // so that the tags fit
      const std::uint64_t start = rte_rdtsc_precise();
      if (flow == Flow::kSeal)
        aead->seal(ops);
      else
        aead->open(ops);
      cycles += rte_rdtsc_precise() - start;
      if (!ops[0].ok) die("the warm floor does not open");
    }
    samples.add(to_ns(cycles) / static_cast<double>(kBursts * ops.size()));
  }
  return samples.median();
}

}  // namespace jumpgate::bench
