// Rates and quotas in the worker: each bucket, both ways, what is never metered, reloads.
#include "harness.hpp"
#include "net/rate_image.hpp"

namespace jumpgate::test {
namespace {

constexpr auto kIn = static_cast<std::size_t>(net::Way::kIn);
constexpr auto kOut = static_cast<std::size_t>(net::Way::kOut);
/// A packet of the tests: IPv4, UDP, 32 bytes.
constexpr std::size_t kPacket = 60;

/// One set; peer 0 and peer 1 go by it, peer 2 by none.
class RatesBase : public testing::Test {
 protected:
  explicit RatesBase(unsigned workers = 1) : h(workers), workers_(workers) {}
  ~RatesBase() override { h.shared->inner.rates = nullptr; }

  void use(const net::RateSet& set) {
    auto image = net::RateImage::build({&set, 1}, {0, 0}, workers_);
    if (!published) {
      published = std::make_unique<net::Published<net::RateImage>>(h.quiescence, std::move(image));
      h.shared->inner.rates = published.get();
    } else {
      ASSERT_TRUE(published->publish(std::move(image)));
    }
  }

  /// How many of `count` packets pass.
  std::size_t in(Client& from, std::size_t count, const char* source = "10.8.0.2") {
    for (std::size_t i = 0; i < count; ++i)
      h.put(from, from.data(inner_packet(source, "10.0.0.9")));
    h.poll(from.ref.worker);
    return h.delivered().size();
  }
  std::size_t out(const Client& to, std::size_t count, const char* destination = "10.8.0.2") {
    for (std::size_t i = 0; i < count; ++i)
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", destination)), to.ref.worker);
    h.poll(to.ref.worker);
    return h.opened(to).size();
  }

  Harness h;
  std::unique_ptr<net::Published<net::RateImage>> published;

 private:
  unsigned workers_;
};

class Rates : public RatesBase {
 protected:
  Client one{h.attached(0, 0)};
  Client two{h.attached(1, 1)};
};

TEST_F(Rates, PacketsOfASessionOutOfItsTunnel) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 100;  // 10 in 100 ms
  use(set);
  EXPECT_EQ(in(one, 30), 10U);
  EXPECT_EQ(h.dropped(DropReason::kRateExceededIn), 20U);
  EXPECT_EQ(h.session_counters[0]->operator[](0).drops.get(), 20U);
  h.advance(milliseconds(50));
  EXPECT_EQ(in(one, 30), 5U) << "one each 10 ms";
  EXPECT_EQ(out(one, 30), 30U) << "the other way has no bound";
  EXPECT_EQ(h.dropped(DropReason::kRateExceededOut), 0U);
}

TEST_F(Rates, BytesOfASessionIntoItsTunnel) {
  net::RateSet set{.name = "r"};
  set.session[kOut].bytes = 100 * kPacket;  // ten packets in 100 ms; but a bucket holds 3,000 bytes
  use(set);
  EXPECT_EQ(out(one, 100), 3000 / kPacket);
  EXPECT_EQ(h.dropped(DropReason::kRateExceededOut), 100 - 3000 / kPacket);
  h.advance(milliseconds(200));
  EXPECT_EQ(out(one, 100), 20U);
  EXPECT_EQ(in(one, 30), 30U);
}

TEST_F(Rates, EachSessionHasItsOwnBuckets) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 100;
  use(set);
  EXPECT_EQ(in(one, 30), 10U);
  EXPECT_EQ(in(two, 30, "10.8.0.3"), 10U);
}

TEST_F(Rates, TheTotalIsSharedByAllOfTheSet) {
  net::RateSet set{.name = "r"};
  set.total[kIn].packets = 100;
  use(set);
  EXPECT_EQ(in(one, 8), 8U);
  EXPECT_EQ(in(two, 8, "10.8.0.3"), 2U);
  EXPECT_EQ(h.dropped(DropReason::kRateExceededIn), 6U);
}

TEST_F(Rates, WhatIsTooMuchForItsSessionTakesNothingFromTheTotal) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 50;  // 5 in 100 ms
  set.total[kIn].packets = 100;
  use(set);
  EXPECT_EQ(in(one, 30), 5U);
  EXPECT_EQ(in(two, 30, "10.8.0.3"), 5U);
}

TEST_F(Rates, APeerWithoutRatesIsNotConcerned) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 20;
  set.total[kIn].packets = 20;
  auto image = net::RateImage::build({&set, 1}, {net::kNoRates, 0}, 1);
  published = std::make_unique<net::Published<net::RateImage>>(h.quiescence, std::move(image));
  h.shared->inner.rates = published.get();
  EXPECT_EQ(in(one, 30), 30U);
  EXPECT_EQ(in(two, 30, "10.8.0.3"), 2U);
}

TEST_F(Rates, HeartbeatsAndControlMessagesAreNeverMetered) {
  net::RateSet set{.name = "r"};
  set.session[kIn] = {.bytes = 1000, .packets = 1};
  set.session[kOut] = {.bytes = 1000, .packets = 1};
  use(set);
  EXPECT_EQ(in(one, 30), 2U);
  EXPECT_EQ(out(one, 30), 2U);
  for (int i = 0; i < 20; ++i)
    h.put(one, one.heartbeat());
  h.put(one, one.sealed_control(wire::Type::kReattach, one.jump_ids[0], 7, h.random));
  h.poll();
  EXPECT_EQ(h.count(bus::WorkerCounter::kHeartbeatsIn), 20U);
  EXPECT_EQ(h.reports(bus::ReportKind::kControl).size(), 1U);
  const std::uint64_t before = h.count(bus::WorkerCounter::kHeartbeatsOut);
  h.advance(seconds(1));
  h.poll();
  EXPECT_GT(h.count(bus::WorkerCounter::kHeartbeatsOut), before);
}

TEST_F(Rates, AChangeConcernsRunningSessions) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 100;
  use(set);
  EXPECT_EQ(in(one, 30), 10U);
  set.session[kIn].packets = 200;
  use(set);
  EXPECT_EQ(in(one, 30), 20U);
  use({.name = "r"});
  EXPECT_EQ(in(one, 30), 30U);
}

TEST_F(Rates, ALongPauseFillsTheBucketAndNoMore) {
  net::RateSet set{.name = "r"};
  set.session[kIn].packets = 100;
  use(set);
  EXPECT_EQ(in(one, 30), 10U);
  h.advance(seconds(3600));
  EXPECT_EQ(in(one, 30), 10U);
}

TEST_F(Rates, OfAPacketToBeCutTheWholeCounts) {
  net::RateSet set{.name = "r"};
  set.session[kOut].packets = 20;  // two
  use(set);
  ByteVector whole = inner_packet("10.0.0.9", "10.8.0.2", 1452);
  base::store_be16(&whole[6], 0);
  for (int i = 0; i < 3; ++i)
    h.put(kInnerPort, frame_of(kInnerMac, with_class(whole, 0)));
  h.poll();
  EXPECT_EQ(h.opened(one).size(), 4U) << "two packets, in two pieces each";
  EXPECT_EQ(h.dropped(DropReason::kRateExceededOut), 1U);
}

class RatesOfTwoWorkers : public RatesBase {
 protected:
  RatesOfTwoWorkers() : RatesBase(2) {}
  Client one{h.attached(0, 0)};
  Client two{h.attached(0, 1, Suite::kAes256Gcm, false, 1)};
};

TEST_F(RatesOfTwoWorkers, EachHasItsPartOfTheTotal) {
  net::RateSet set{.name = "r"};
  set.total[kIn].packets = 200;
  for (Client* client : {&one, &two}) {
    use(set);
    const char* source = client == &one ? "10.8.0.2" : "10.8.0.3";
    for (std::size_t i = 0; i < 30; ++i)
      h.put(*client, client->data(inner_packet(source, "10.0.0.9")), client->ref.worker);
    h.poll(client->ref.worker);
    EXPECT_EQ(h.delivered().size(), 10U) << "half of 20";
  }
}

class Quotas : public Rates {
 protected:
  /// 100 packets, both ways together.
  void use_quota() { use({.name = "r", .quota = 100 * kPacket}); }
  std::vector<std::uint64_t> told() {
    std::vector<std::uint64_t> percents;
    for (const Taken& taken : h.reports(bus::ReportKind::kQuota))
      percents.push_back(taken.report.value);
    return percents;
  }
};

TEST_F(Quotas, AreToldOfAtEightyPercentAndAtTheEndOnceEach) {
  use_quota();
  EXPECT_EQ(in(one, 40) + out(one, 39), 79U);
  EXPECT_EQ(in(one, 1), 1U);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(in(one, 1), 1U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{80})) << "by the first packet behind it";
  EXPECT_EQ(in(one, 19), 19U);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(in(one, 1) + out(one, 1), 0U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{100}));
  EXPECT_EQ(in(one, 5) + out(one, 5), 0U);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(h.dropped(DropReason::kQuotaExhausted), 12U);
  EXPECT_EQ(in(two, 5, "10.8.0.3"), 5U) << "each peer has its own";
}

TEST_F(Quotas, WhatOthersOfThePeerCarriedCounts) {
  use_quota();
  ASSERT_TRUE(h.command(one.ref, bus::SetLiveness{.policy = h.policy, .carried = 95 * kPacket}));
  EXPECT_EQ(in(one, 5), 5U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{80}));
  EXPECT_EQ(in(one, 1), 0U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{100}));
}

TEST_F(Quotas, ANewSessionCarriesOnWithItsFirstPacket) {
  use_quota();
  bus::InstallSession body;
  body.peer = 0;
  body.epoch = h.make_keys(1, 0, Suite::kAes256Gcm);
  Client next = one;
  next.ref = {.worker = 0, .slot = 5, .life = 1};
  next.gateway_cid = body.gateway_cid = h.make_cid(next.ref);
  body.client_cid = next.client_cid;
  body.liveness = h.policy;
  body.replay_window_packets = 1024;
  body.carried = 99 * kPacket;
  next.keys = body.epoch;
  next.counter = 0;
  ASSERT_TRUE(h.command(next.ref, body));
  ASSERT_TRUE(h.command(next.ref, bus::Attach{Harness::path_to(next)}));
  EXPECT_EQ(in(next, 1), 1U);
  EXPECT_EQ(in(next, 1), 0U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{80, 100}));
}

TEST_F(Quotas, HeartbeatsAndControlMessagesOutliveThem) {
  use_quota();
  ASSERT_TRUE(h.command(one.ref, bus::SetLiveness{.policy = h.policy, .carried = 100 * kPacket}));
  EXPECT_EQ(in(one, 1), 0U);
  h.put(one, one.heartbeat());
  h.put(one, one.sealed_control(wire::Type::kReattach, one.jump_ids[0], 7, h.random));
  h.poll();
  EXPECT_EQ(h.count(bus::WorkerCounter::kHeartbeatsIn), 1U);
  EXPECT_EQ(h.reports(bus::ReportKind::kControl).size(), 1U);
}

TEST_F(Quotas, AreOwedWhileTheRingIsFull) {
  use_quota();
  for (bus::Report filler; h.report_channels[0]->push(filler);) {
  }
  ASSERT_TRUE(h.command(one.ref, bus::SetLiveness{.policy = h.policy, .carried = 90 * kPacket}));
  EXPECT_EQ(in(one, 1), 1U);
  h.reports();
  EXPECT_EQ(in(one, 1), 1U);
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{80}));
}

TEST_F(Quotas, ALargerOneLetsTheDataGoOn) {
  use_quota();
  ASSERT_TRUE(h.command(one.ref, bus::SetLiveness{.policy = h.policy, .carried = 100 * kPacket}));
  EXPECT_EQ(in(one, 1), 0U);
  use({.name = "r", .quota = 200 * kPacket});
  EXPECT_EQ(in(one, 1), 1U);
}

}  // namespace
}  // namespace jumpgate::test
