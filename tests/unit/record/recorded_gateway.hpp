/// The gateway of the controller's tests with a recorder between core and ports, from its start on.
///
/// Owner thread: one. Bound: the tape grows with the test. Failure: a gtest assertion.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "../ctl/gateway_fixture.hpp"
#include "record/recorder.hpp"

namespace jumpgate::ctl::testing {

class RecordedGateway : public GatewayTest {
 protected:
  void SetUp() override {
    recorder_.emplace(
        [this](std::span<const std::uint8_t> bytes) {
          tape_.insert(tape_.end(), bytes.begin(), bytes.end());
          return true;
        },
        ports(), settings_.cid_key);
    log_.observe(&recorder_->events());
    recorder_->on_start(settings_, *config_with(true, true), now_);
    gateway_.emplace(settings_, recorder_->ports(), config_with(true, true),
                     crypto::ResetKey(kResetKey), now_);
    recorder_->on_done();
    gateway_->set_tap(&*recorder_);
  }
  /// A life with something of everything.
  void live() {
    ASSERT_TRUE(attach(alice_));
    ASSERT_TRUE(attach(bob_, kCell));
    advance(seconds(2));
    ASSERT_TRUE(jump(alice_, kCell));
    edge(bob_, bus::ReportKind::kSilence, kCell);
    edge(bob_, bus::ReportKind::kAlive, kCell);
    advance(seconds(1));
    edge(alice_, bus::ReportKind::kVolatile, kCell,
         static_cast<std::uint64_t>(Reason::kLossThresholdExceeded));
    advance(seconds(6));
    policy_.session.max_lifetime = seconds(100);
    ASSERT_TRUE(gateway_->apply_policy({policy_}, "tight", PolicyApplication::kGrace, now_));
    ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
    gateway_->reload_refused("session.max_lifetime", now_);
    gateway_->on_link(0, false);
    advance(seconds(1));
    gateway_->on_link(0, true);
    send_reattach(alice_, reattach(alice_), kWifi);  // nobody answers its challenge
    advance(seconds(9));
    ASSERT_TRUE(gateway_->ask_rekey(bob_.welcome.session_id, now_));
    advance(seconds(1));
    ASSERT_TRUE(gateway_->terminate(bob_.welcome.session_id, now_));
    run();
    gateway_->begin_stop();
    run();
    collect();
  }

  static constexpr std::array<std::uint8_t, 32> kResetKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  record::Bytes tape_;
  std::optional<record::Recorder> recorder_;
};

}  // namespace jumpgate::ctl::testing
