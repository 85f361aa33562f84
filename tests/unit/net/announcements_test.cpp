// What neighbours say without being asked: on a port that asks who is known first, and on one that believes it.
#include <gtest/gtest.h>

#include "neighbours_fixture.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::mac;

class AVerifyingPort : public test::NeighboursTest {
 protected:
  /// 10.9.0.5 and fd09::5 have the MAC 5 and are REACHABLE.
  void know_both() {
    (void)neighbours->resolve(3, ip("10.9.0.5"), frame, now);
    (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
    (void)neighbours->resolve(3, ip("fd09::5"), frame, now);
    (void)advertise("fd09::5", 5, true, true);
    ASSERT_EQ(mac_of("10.9.0.5"), mac(5));
    ASSERT_EQ(mac_of("fd09::5"), mac(5));
    sent.clear();
  }
  MacAddress asked_last() {
    return sent.empty() ? MacAddress{} : parse_ethernet(sent.back().frame)->destination();
  }
};

class ABelievingPort : public test::NeighboursTest {
 protected:
  ABelievingPort() : NeighboursTest(true) {}
};

TEST_F(AVerifyingPort, AsksTheKnownOneWhateverIsSaidInItsPlace) {
  know_both();
  const auto gratuitous = [&] { return arp(ArpOperation::kRequest, 9, "10.9.0.5", "10.9.0.5"); };
  const auto request = [&] {
    // Answered, as any; and the last that is sent is the answer.
    EXPECT_FALSE(arp(ArpOperation::kRequest, 9, "10.9.0.5", "10.9.0.1"));
    sent.pop_back();
    return std::optional(DropReason::kArpIgnored);
  };
  const auto reply = [&] { return arp(ArpOperation::kReply, 9, "10.9.0.5", "10.9.0.1", mac(1)); };
  const auto unsolicited = [&] { return advertise("fd09::5", 9, false, true); };
  const auto solicited = [&] { return advertise("fd09::5", 9, true, true); };
  const auto told = [&](auto say, const char* address, DropReason reason) {
    sent.clear();
    EXPECT_EQ(say(), reason);
    EXPECT_EQ(mac_of(address), mac(5));
    EXPECT_EQ(state_of(address), NeighbourState::kProbe);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(asked_last(), mac(5));
    EXPECT_EQ(say(), reason);
    EXPECT_EQ(sent.size(), 1U) << "it is asked already";
    (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
    (void)advertise("fd09::5", 5, true, true);
    EXPECT_EQ(mac_of(address), mac(5));
    EXPECT_EQ(state_of(address), NeighbourState::kReachable) << "it lives, and nothing changed";
  };
  told(gratuitous, "10.9.0.5", DropReason::kArpIgnored);
  told(reply, "10.9.0.5", DropReason::kArpIgnored);
  told(unsolicited, "fd09::5", DropReason::kNdIgnored);
  told(solicited, "fd09::5", DropReason::kNdIgnored);
  sent.clear();
  (void)request();
  EXPECT_EQ(mac_of("10.9.0.5"), mac(5));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kProbe);
}

TEST_F(AVerifyingPort, FollowsAnAddressThatHasMoved) {
  know_both();
  EXPECT_TRUE(arp(ArpOperation::kRequest, 9, "10.9.0.5", "10.9.0.5"));
  EXPECT_TRUE(advertise("fd09::5", 9, false, true));
  tick_to(seconds(1));
  tick_to(seconds(2));
  tick_to(milliseconds(2999));
  EXPECT_EQ(mac_of("10.9.0.5"), mac(5)) << "it has a second more";
  tick_to(milliseconds(3000));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kIncomplete);
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kIncomplete);
  EXPECT_FALSE(mac_of("10.9.0.5"));
  EXPECT_EQ(asked_last(), multicast_mac(ip("ff02::1:ff00:5"))) << "everybody is asked";
  EXPECT_FALSE(arp(ArpOperation::kReply, 9, "10.9.0.5", "10.9.0.1", mac(1)));
  EXPECT_FALSE(advertise("fd09::5", 9, true, true));
  EXPECT_EQ(mac_of("10.9.0.5"), mac(9));
  EXPECT_EQ(mac_of("fd09::5"), mac(9));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kReachable);
}

TEST_F(AVerifyingPort, FailsWhatNobodyAnswersFor) {
  know_both();
  EXPECT_TRUE(arp(ArpOperation::kRequest, 9, "10.9.0.5", "10.9.0.5"));
  for (int s = 1; s <= 6; ++s)
    tick_to(seconds(s));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kFailed);
}

TEST_F(AVerifyingPort, AConfirmationNeedsNoQuestion) {
  know_both();
  tick_to(seconds(30));
  ASSERT_EQ(state_of("10.9.0.5"), NeighbourState::kStale);
  EXPECT_FALSE(arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1)));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kReachable);
  EXPECT_EQ(arp(ArpOperation::kRequest, 5, "10.9.0.5", "10.9.0.5"), DropReason::kArpIgnored);
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kReachable);
  EXPECT_TRUE(sent.empty());
}

TEST_F(ABelievingPort, GratuitousArpUpdatesButNeverCreates) {
  EXPECT_EQ(arp(ArpOperation::kRequest, 8, "10.9.0.8", "10.9.0.8"), DropReason::kArpIgnored);
  EXPECT_EQ(state_of("10.9.0.8"), NeighbourState::kFree);
  (void)neighbours->resolve(3, ip("10.9.0.8"), frame, now);
  (void)arp(ArpOperation::kReply, 8, "10.9.0.8", "10.9.0.1", mac(1));
  (void)arp(ArpOperation::kRequest, 9, "10.9.0.8", "10.9.0.8");
  EXPECT_EQ(mac_of("10.9.0.8"), mac(9));
  EXPECT_EQ(state_of("10.9.0.8"), NeighbourState::kStale) << "said, not proved";
}

TEST_F(ABelievingPort, Ipv6ResolutionAndFlags) {
  EXPECT_TRUE(neighbours->resolve(3, ip("fd09::5"), frame, now));
  const auto solicitation = parse_nd(std::span{sent[0].frame}.subspan(kEthernetSize));
  ASSERT_TRUE(solicitation);
  EXPECT_EQ(solicitation->source, ip("fd09::1"));
  EXPECT_EQ(parse_ethernet(sent[0].frame)->destination(), multicast_mac(ip("ff02::1:ff00:5")));
  EXPECT_FALSE(advertise("fd09::5", 5, true, true));
  EXPECT_EQ(mac_of("fd09::5"), mac(5));
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kReachable);
  EXPECT_TRUE(advertise("fd09::5", 6, false, false)) << "another MAC without override";
  EXPECT_EQ(mac_of("fd09::5"), mac(5));
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kStale) << "but doubt is cast";
  EXPECT_FALSE(advertise("fd09::5", 6, false, true));
  EXPECT_EQ(mac_of("fd09::5"), mac(6));
  EXPECT_TRUE(advertise("fd09::77", 6, true, true)) << "never asked";
  EXPECT_TRUE(advertise("fd09::5", 1, true, true)) << "our own MAC";
  EXPECT_EQ(mac_of("fd09::5"), mac(6));
}

}  // namespace
}  // namespace jumpgate::net
