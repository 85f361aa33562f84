// A peer's quota at the controller: told of once, and no new session begins it anew (spec/rates.md "Quota").
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Quota : public GatewayTest {
 protected:
  [[nodiscard]] std::shared_ptr<config::GatewayConfig> with_quota(std::uint64_t bytes) {
    auto made = config_with(true, true);
    made->peers.front().quota = bytes;
    return made;
  }
  void SetUp() override {
    ASSERT_TRUE(gateway_->reload(with_quota(10'000), now_));
    ASSERT_TRUE(attach(alice_));
  }
  void worker_says(std::uint64_t percent) {
    bus::Report report;
    report.kind = bus::ReportKind::kQuota;
    report.session = find(alice_)->ref;
    report.value = percent;
    gateway_->on_report(report, now_);
    collect();
  }
  [[nodiscard]] std::size_t told(Reason reason) const {
    return events_of(EventType::kQuotaReached, reason);
  }
};

TEST_F(Quota, EachShareIsToldOfOnce) {
  worker_says(80);
  worker_says(80);
  EXPECT_EQ(told(Reason::kQuotaNearlyUsed), 1U);
  const auto& detail = std::get<audit::QuotaDetail>(events_.back().detail);
  EXPECT_EQ(detail.percent, 80);
  EXPECT_EQ(detail.quota_bytes, 10'000U);
  EXPECT_EQ(events_.back().session, find(alice_)->record.id());
  worker_says(100);
  worker_says(80);
  worker_says(100);
  EXPECT_EQ(told(Reason::kQuotaNearlyUsed), 1U);
  EXPECT_EQ(told(Reason::kQuotaUsedUp), 1U);
}

TEST_F(Quota, ANewOneIsToldOfAgain) {
  worker_says(80);
  ASSERT_TRUE(gateway_->reload(with_quota(20'000), now_));
  worker_says(80);
  EXPECT_EQ(told(Reason::kQuotaNearlyUsed), 2U);
}

TEST_F(Quota, ANewSessionCarriesOn) {
  workers_.traffic.rx_bytes = 3'000;
  workers_.traffic.tx_bytes = 1'000;
  ASSERT_TRUE(attach(alice_));
  run();
  EXPECT_EQ(workers_.last<bus::InstallSession>().carried, 4'000U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSuperseded), 1U);
}

TEST_F(Quota, WhatTheOldSessionCarriedToItsEndIsAddedThen) {
  workers_.traffic.rx_bytes = 3'000;
  say_hello(alice_);
  run();
  EXPECT_EQ(workers_.last<bus::InstallSession>().carried, 3'000U);
  workers_.traffic.rx_bytes = 3'500;
  ASSERT_TRUE(alice_.read_welcome(out_.sent.back().bytes));
  confirm(alice_);
  run();
  EXPECT_EQ(workers_.last<bus::SetLiveness>().carried, 3'500U);
}

TEST_F(Quota, WhatDrainedIsAddedWhenTheDrainIsOver) {
  workers_.traffic.rx_bytes = 3'000;
  ASSERT_TRUE(attach(alice_));
  run();
  workers_.traffic.rx_bytes = 3'200;
  now_ = now_ + limits::kDrainMax + milliseconds(2);
  run();
  ASSERT_EQ(workers_.count<bus::RemoveSession>(), 1U);
  EXPECT_EQ(workers_.last<bus::SetLiveness>().carried, 3'200U);
}

TEST_F(Quota, ASessionThatIsBackLaterCarriesOn) {
  workers_.traffic.tx_bytes = 5'000;
  ASSERT_TRUE(gateway_->terminate(find(alice_)->record.id(), now_));
  run();
  workers_.traffic = {};
  advance(seconds(1));
  ASSERT_TRUE(attach(alice_));
  EXPECT_EQ(workers_.last<bus::InstallSession>().carried, 5'000U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
