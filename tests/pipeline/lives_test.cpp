// A slot's lives: its birth, its end, and what the next one begins without.
#include <algorithm>
#include <array>

#include "harness.hpp"
#include "session/liveness.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

TEST(Remove, ClosesWipesAndFreesTheSlot) {
  Harness h;
  Client client = h.attached(4, 0);
  h.put(client, client.data(to_server()));
  h.poll();
  h.delivered();
  ASSERT_TRUE(h.command(
      client.ref, bus::RemoveSession{.reason = Reason::kOperatorTerminated, .send_close = true}));
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].prefix.type, wire::Type::kClose);
  EXPECT_EQ(out[0].plaintext[0], static_cast<std::uint8_t>(Reason::kOperatorTerminated));

  // No trace of the keys in the worker's tables.
  auto& shard = const_cast<data::Shard&>(h.workers[0]->shard());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&shard.sessions.ids(0));
  const std::span<const std::uint8_t> memory(bytes, data::SessionTable::footprint(16) - 64);
  for (const auto& key : {client.keys.receive.key, client.keys.send.key, client.control})
    EXPECT_TRUE(std::ranges::search(memory, key).empty());
  EXPECT_FALSE(shard.keys.holds(1) || shard.keys.holds(2)) << "the expanded form neither";
  EXPECT_EQ(shard.windows.spares(), 8U);
  EXPECT_FALSE(shard.windows.own_taken(0));

  h.put(client, client.data(to_server()));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
  EXPECT_EQ(h.dropped(DropReason::kPeerNotAttached), 1U);
  EXPECT_EQ(h.reports(ReportKind::kUnknownCid).size(), 1U) << "a reset may be due";
}

TEST(Remove, AnotherLifeOfTheSlot) {
  Harness h;
  Client old = h.attached(4, 0);
  ASSERT_TRUE(h.command(old.ref, bus::RemoveSession{}));
  bus::InstallSession again;
  again.epoch = h.make_keys(1, 0, Suite::kAes256Gcm);
  again.gateway_cid = h.make_cid(old.ref);
  again.replay_window_packets = 1024;
  EXPECT_FALSE(h.command(old.ref, again)) << "a life is lived once";
  Client young = h.attached(4, 0, Suite::kAes256Gcm, false, 0, 2);
  EXPECT_FALSE(h.command(old.ref, bus::RemoveSession{})) << "a late command of the old life";
  h.put(old, old.data(to_server()));
  h.put(young, young.data(to_server()));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.reports(ReportKind::kUnknownCid).size(), 1U) << "an id of an earlier life";
}

TEST(Birth, OnlyControlMessages) {
  Harness h;
  Client client = h.install(4, 0);
  h.peers->set(0, client.ref);
  h.put(client, client.data(to_server()));
  h.put(client, client.sealed_control(wire::Type::kConfirm, client.gateway_cid, 5, h.random));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_FALSE(h.command(
      client.ref, bus::ProposeEpoch{h.make_keys(2, 0, client.keys.suite), h.make_cid(client.ref)}));
  EXPECT_EQ(h.dropped(DropReason::kSessionStateForbids), 1U);
  EXPECT_EQ(h.dropped(DropReason::kNoBinding), 1U);
  EXPECT_TRUE(h.sent(kOuterPort).empty());
  EXPECT_EQ(h.reports(ReportKind::kControl).size(), 1U);
}

TEST(Remove, WhatIsRoutedToAnEarlierLifeReachesNobody) {
  // Between the controller's look-up and the worker's a packet may wait: meanwhile the slot is another peer's.
  Harness h;
  const Client old = h.attached(4, 0);
  ASSERT_TRUE(h.command(old.ref, bus::RemoveSession{}));
  const Client young = h.attached(4, 1, Suite::kAes256Gcm, false, 0, 2);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.3")));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kPeerNotAttached), 2U);
  EXPECT_EQ(h.opened(young).size(), 1U);
}

TEST(Remove, TheNextLifeBeginsWithNothingOfTheFormer) {
  Harness h;
  h.policy.tolerance.loss_window = seconds(2);
  Client old = h.attached(4, 0);
  const bus::SessionCounters& counters = (*h.session_counters[0])[4];
  ASSERT_TRUE(h.command(
      old.ref,
      bus::SetLiveness{.policy = h.policy, .reattach_wanted = true, .rekey_wanted = true}));
  h.advance(milliseconds(100));
  for (int i = 0; i < 30; ++i)
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.put(old, old.data(to_server()));
  h.put(old, old.data(inner_packet("10.8.0.3", "10.0.0.9")));  // not its own source
  h.poll();
  h.put(old, old.heartbeat({.next_interval_ms = 500,
                            .send_time_us = 2,
                            .echo_time_us = session::wire_time_us(h.now) - 50'000,
                            .received_highest = 30,
                            .received_count = 10}));
  h.poll();
  const auto figures = [&] {
    return std::array<std::uint64_t, 9>{
        counters.rx_packets.get(),    counters.rx_bytes.get(),   counters.tx_packets.get(),
        counters.tx_bytes.get(),      counters.last_heard.get(), counters.srtt_us.get(),
        counters.loss_permille.get(), counters.drops.get(),      counters.path_mtu.get()};
  };
  ASSERT_EQ(std::ranges::count(figures(), 0U), 0) << "all of them say something of it";
  ASSERT_TRUE(h.command(old.ref, bus::RemoveSession{}));
  h.sent(kOuterPort);

  const Client young = h.install(4, 1, Suite::kAes256Gcm, false, 0, 2);
  EXPECT_EQ(figures(), (std::array<std::uint64_t, 9>{}));
  EXPECT_EQ(counters.life.get(), 2U);
  ASSERT_TRUE(h.command(young.ref, bus::Attach{Harness::path_to(young)}));
  const auto first = h.opened(young);
  ASSERT_EQ(first.size(), 1U);
  const auto heartbeat = wire::decode_heartbeat(first[0].plaintext);
  ASSERT_TRUE(heartbeat);
  EXPECT_FALSE(heartbeat->reattach_wanted || heartbeat->rekey_wanted);
  EXPECT_EQ(heartbeat->received_highest, wire::kNothingReceived);
  EXPECT_EQ(heartbeat->received_count, 0U);
  EXPECT_EQ(heartbeat->echo_time_us, 0U);
}

TEST(Birth, AWindowThatDoesNotFitIsRefused) {
  Harness h;
  bus::InstallSession body;
  body.epoch = h.make_keys(1, 0, Suite::kAes256Gcm);
  const bus::SessionRef ref{.worker = 0, .slot = 4, .life = 1};
  body.gateway_cid = h.make_cid(ref);
  for (const std::uint32_t packets : {0U, 32U, 96U, 2048U}) {
    body.replay_window_packets = packets;
    EXPECT_FALSE(h.command(ref, body)) << packets;
  }
  body.replay_window_packets = 64;
  EXPECT_TRUE(h.command(ref, body));
}

}  // namespace
}  // namespace jumpgate::test
