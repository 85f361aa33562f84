// Two sockets on loopback: batches, segmentation both ways, both families.
#include "udp/udp_path.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

namespace jumpgate::udp {
namespace {

Endpoint loopback(bool v6, std::uint16_t port) {
  Endpoint endpoint;
  endpoint.port = port;
  endpoint.address.family = v6 ? IpFamily::kV6 : IpFamily::kV4;
  if (v6) {
    endpoint.address.bytes[15] = 1;
  } else {
    endpoint.address.bytes = {127, 0, 0, 1};
  }
  return endpoint;
}

std::unique_ptr<UdpPath> make(bool segmentation) {
  auto path = UdpPath::open(
      {.interface = {}, .local_port = 0, .buffer_bytes = 1 << 20, .segmentation = segmentation});
  EXPECT_TRUE(path) << (path ? "" : path.error());
  return path ? std::move(*path) : nullptr;
}

/// Everything that arrives within a second, until `wanted` datagrams are there.
std::vector<std::pair<Endpoint, std::vector<std::uint8_t>>> receive(UdpPath& path,
                                                                    std::size_t wanted) {
  std::vector<std::pair<Endpoint, std::vector<std::uint8_t>>> got;
  std::array<RxDatagram, limits::kBurst> burst;
  while (got.size() < wanted) {
    pollfd poll{.fd = path.fd(), .events = POLLIN, .revents = 0};
    if (!path.pending() && ::poll(&poll, 1, 1000) <= 0) break;
    const std::size_t count = path.receive(burst);
    for (std::size_t i = 0; i < count; ++i)
      got.emplace_back(burst.at(i).from,
                       std::vector(burst.at(i).bytes.begin(), burst.at(i).bytes.end()));
  }
  return got;
}

struct Case {
  bool segmentation;
  bool v6;
};

class Batches : public ::testing::TestWithParam<Case> {};
TEST_P(Batches, ArriveWholeAndInOrder) {
  const auto sender = make(GetParam().segmentation);
  const auto receiver = make(GetParam().segmentation);
  ASSERT_TRUE(sender && receiver);
  const Endpoint to = loopback(GetParam().v6, receiver->local_port());
  // Runs of one size, a shorter one at their ends, sizes that rise: every way a run can break.
  std::vector<std::vector<std::uint8_t>> messages;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t size = i % 10 == 9 ? 700 : i % 50 == 0 ? 1452 : 1200;
    messages.emplace_back(size, static_cast<std::uint8_t>(i));
  }
  std::vector<TxDatagram> datagrams;
  for (const auto& m : messages)
    datagrams.push_back({.bytes = m, .to = to});
  for (std::size_t at = 0; at < datagrams.size(); at += limits::kBurst) {
    const std::size_t n = std::min(limits::kBurst, datagrams.size() - at);
    EXPECT_EQ(sender->send(std::span(datagrams).subspan(at, n)), n);
  }
  const auto got = receive(*receiver, messages.size());
  ASSERT_EQ(got.size(), messages.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].second, messages[i]) << i;
    EXPECT_EQ(got[i].first, loopback(GetParam().v6, sender->local_port()));
  }
  EXPECT_EQ(sender->refused(), 0U);
}
INSTANTIATE_TEST_SUITE_P(Ways, Batches,
                         ::testing::Values(Case{false, false}, Case{true, false}, Case{false, true},
                                           Case{true, true}));

TEST_P(Batches, TrafficClassesTravelWithTheirDatagrams) {
  const auto sender = make(GetParam().segmentation);
  const auto receiver = make(GetParam().segmentation);
  ASSERT_TRUE(sender && receiver);
  const Endpoint to = loopback(GetParam().v6, receiver->local_port());
  // Runs of one class, and classes that change within a run of one size.
  constexpr std::array<std::uint8_t, 8> kClasses{0, 0, 2, 2, 2, 3, 0xb9, 0};
  std::vector<std::uint8_t> message(300);
  std::vector<TxDatagram> datagrams;
  for (const std::uint8_t traffic_class : kClasses)
    datagrams.push_back({.bytes = message, .to = to, .traffic_class = traffic_class});
  ASSERT_EQ(sender->send(datagrams), datagrams.size());
  std::vector<std::uint8_t> got;
  pollfd ready{.fd = receiver->fd(), .events = POLLIN, .revents = 0};
  while (got.size() < kClasses.size() && (receiver->pending() || ::poll(&ready, 1, 2000) == 1)) {
    std::array<RxDatagram, limits::kBurst> burst;
    const std::size_t count = receiver->receive(burst);
    for (std::size_t i = 0; i < count; ++i)
      got.push_back(burst.at(i).traffic_class);
  }
  EXPECT_EQ(got, std::vector<std::uint8_t>(kClasses.begin(), kClasses.end()));
}

TEST(UdpPath, NothingToReceiveReturnsAtOnce) {
  const auto path = make(true);
  std::array<RxDatagram, 4> burst;
  EXPECT_EQ(path->receive(burst), 0U);
}

TEST(UdpPath, ARefusedPortIsAHintAndTheNextSendGoesOut) {
  auto closed = make(false);
  const Endpoint nobody = loopback(false, closed->local_port());
  const auto listener = make(false);
  const auto sender = make(false);
  const std::array<std::uint8_t, 10> bytes{};
  // The port is free again once `closed` is gone.
  closed.reset();
  const TxDatagram lost{.bytes = bytes, .to = nobody};
  (void)sender->send({&lost, 1});
  const TxDatagram kept{.bytes = bytes, .to = loopback(false, listener->local_port())};
  EXPECT_EQ(sender->send({&kept, 1}), 1U);
  EXPECT_EQ(receive(*listener, 1).size(), 1U);
  EXPECT_TRUE(sender->take_errors().unreachable);
  EXPECT_FALSE(sender->take_errors().unreachable);
}

TEST(UdpPath, AnUnknownInterfaceIsSaid) {
  const auto path = UdpPath::open({.interface = "jgu-none"});
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().find("SO_BINDTODEVICE"), std::string::npos);
}

}  // namespace
}  // namespace jumpgate::udp
