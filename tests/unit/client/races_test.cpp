// Two events that meet: what comes first decides, and what comes second finds it so.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

/// A jump stands before its ACK; what the gateway says from here on reaches nobody by itself.
void await_ack(Harness& h) {
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->heard[wire::Type::kReattach] == 1; }, seconds(1)));
  h.run(milliseconds(70));  // the CHALLENGE is there, the RESPONSE under way
  ASSERT_EQ(h.state(), State::kRecovering);
  h.dead[kWifi] = true;
}

TEST(Races, AfterACloseTheRestOfItsBurstFindsNoSession) {
  Harness h;
  ASSERT_NO_FATAL_FAILURE(await_ack(h));
  h.gateway->send_close(Reason::kOperatorTerminated);
  Message close = h.gateway_said.back();
  h.dead[kCell] = true;
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  Message ack;
  for (const Message& said : h.gateway_said) {
    if (static_cast<wire::Type>(said[0]) == wire::Type::kAck) ack = said;
  }
  ASSERT_EQ(h.engine->session()->core().record.binding_version(), 1U);
  const std::size_t changes = h.states().size();
  const std::array burst{RxDatagram{.bytes = close, .from = h.gateway_at},
                         RxDatagram{.bytes = ack, .from = h.gateway_at}};
  h.engine->on_datagrams(kCell, burst, h.now);
  EXPECT_EQ(h.states().size(), changes + 1);
  EXPECT_EQ(h.engine->last_end(), Reason::kPeerClosed);
  EXPECT_EQ(h.count(EventType::kTransportSwitch), 0U);
}

}  // namespace
}  // namespace jumpgate::client::testing
