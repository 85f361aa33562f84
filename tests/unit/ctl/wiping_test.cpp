// spec/keys.md "Wiping": what is left of a session's keys in the controller's memory.
#include <span>

#include "rekeying_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Wiping : public Rekeying {
 protected:
  using Bytes = std::array<std::uint8_t, 32>;

  void SetUp() override {
    Rekeying::SetUp();
    at_ = reinterpret_cast<const std::uint8_t*>(find(alice_));
    first_ = keys_of(1);
  }
  /// The client knows the same: root, control keys, and an epoch's traffic keys.
  [[nodiscard]] std::vector<Bytes> keys_of(std::uint64_t epoch) const {
    std::vector<Bytes> keys;
    const std::span root(alice_.root.get());
    for (const std::span half : {root.first<32>(), root.last<32>()})
      std::ranges::copy(half, keys.emplace_back().begin());
    const SessionId& id = alice_.welcome.session_id;
    for (const Direction way : {Direction::kGatewayToClient, Direction::kClientToGateway}) {
      keys.push_back(crypto::derive_control_key(alice_.root, id, alice_.generation, way).get());
      const crypto::TrafficContext context{.session_id = id,
                                           .generation = alice_.generation,
                                           .epoch = epoch,
                                           .binding_version = 1,
                                           .owner_epoch = settings_.owner_epoch,
                                           .suite = Suite::kAes256Gcm,
                                           .direction = way};
      keys.push_back(crypto::derive_traffic_key(alice_.root, context).get().key);
    }
    return keys;
  }
  /// How many of `keys` the place of Alice's session holds, whether it is still hers or not.
  [[nodiscard]] long held(const std::vector<Bytes>& keys) const {
    const std::span slot(at_, sizeof(Session));
    return std::ranges::count_if(
        keys, [&](const Bytes& key) { return !std::ranges::search(slot, key).empty(); });
  }
  /// Her client has taken a reply; returns the keys that it made.
  [[nodiscard]] std::vector<Bytes> rekeyed() {
    send(request(1));
    run();
    const auto reply = last_reply();
    EXPECT_TRUE(reply);
    if (!reply) return {};
    take(*reply);
    return keys_of(reply->epoch);
  }

  const std::uint8_t* at_{nullptr};
  std::vector<Bytes> first_;
};

constexpr long kKept =
    3;  // both halves of the root, and the control key to send with; the rest is the worker's

TEST_F(Wiping, NothingIsLeftInTheSlotOnceTheWorkerHasLetGo) {
  ASSERT_EQ(held(first_), kKept);
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  ASSERT_NE(find(alice_), nullptr) << "until then the worker has keys of it";
  acknowledge();
  ASSERT_EQ(find(alice_), nullptr);
  EXPECT_EQ(held(first_), 0);
}

TEST_F(Wiping, KeysThatNeverCameInForceGoWithTheEndItself) {
  const auto next = rekeyed();
  ASSERT_EQ(held(next), kKept);
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  ASSERT_NE(find(alice_), nullptr);
  EXPECT_EQ(held(next), 0);
  acknowledge();
  EXPECT_EQ(held(first_), 0);
}

TEST_F(Wiping, AGenerationGoesWhenTheNextIsConfirmed) {
  const auto next = rekeyed();
  ASSERT_EQ(held(first_), kKept) << "the client may not have the reply";
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  EXPECT_EQ(held(first_), 0);
  EXPECT_EQ(held(next), kKept);
  run();
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  acknowledge();
  EXPECT_EQ(held(next), 0);
}

TEST_F(Wiping, ARekeyThatAJumpCancelsLeavesNothing) {
  const auto next = rekeyed();
  alice_.generation = 0;
  send_reattach(alice_, reattach(alice_));
  run();
  ASSERT_EQ(events_of(EventType::kRekeyDenied, Reason::kCancelledByJump), 1U);
  EXPECT_EQ(held(next), 0);
  EXPECT_EQ(held(first_), kKept);
}

TEST_F(Wiping, AJobLeavesNothing) {
  auto job = std::make_unique<HandshakeJob>();
  job->root = alice_.root.clone();
  job->preshared_key = config::SecretKey(random_.array<32>());
  const Bytes shared = job->preshared_key.get();
  clear_job(*job);
  const std::span memory(reinterpret_cast<const std::uint8_t*>(job.get()), sizeof(HandshakeJob));
  EXPECT_TRUE(std::ranges::search(memory, alice_.root.get()).empty());
  EXPECT_TRUE(std::ranges::search(memory, shared).empty());
}

}  // namespace
}  // namespace jumpgate::ctl::testing
