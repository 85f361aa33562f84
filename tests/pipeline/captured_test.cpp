// Captures of real applications through the worker, packet by packet, both ways: what one end of a conversation sends
// goes in by its port or tunnel, and what leaves at the other side is what a router would have made of it
// (router_oracle.hpp), down to the last bit; each packet is out, or in one named counter.
//
// The captures are in captures/, made by make_captures.sh. An operator's own:
//
//     JUMPGATE_REPLAY=FILE.pcap [JUMPGATE_REPLAY_CLIENT=10.0.0.5] build/debug/tests/pipeline/pipeline --gtest_filter='Traffic/*'
//
// plays that file in their place. Whoever sends its first packet of a family is behind the tunnel, or whom the second
// variable names; everybody else is behind the inner port.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "base/text.hpp"
#include "harness.hpp"
#include "net/address.hpp"
#include "pcap.hpp"
#include "router_oracle.hpp"

namespace jumpgate::test {
namespace {

using bus::WorkerCounter;

/// The tunnel's over an outer port of 1500 bytes and IPv4.
constexpr std::size_t kInnerMtu = 1440;
/// What the harness' packet buffers hold behind a frame's headers.
constexpr std::size_t kLongest = 1900;

std::vector<std::string> files() {
  if (const char* own = std::getenv("JUMPGATE_REPLAY")) return {own};
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(captures_folder()))
    if (entry.path().extension() == ".pcap") found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::kCarried:
      return "carried";
    case Fate::kCut:
      return "cut";
    case Fate::kTooBig:
      return "too big";
    case Fate::kNoHopLeft:
      return "no hop left";
    case Fate::kNotCarried:
      return "not carried";
  }
  return "?";
}

IpAddress source_of(const ByteVector& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  return net::address_at(v6 ? IpFamily::kV6 : IpFamily::kV4, &packet[v6 ? 8 : 12]);
}
IpAddress destination_of(const ByteVector& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  return net::address_at(v6 ? IpFamily::kV6 : IpFamily::kV4, &packet[v6 ? 24 : 16]);
}

/// Who is behind the tunnel: one address a family.
class Ends {
 public:
  explicit Ends(const std::vector<ByteVector>& packets) {
    if (const char* named = std::getenv("JUMPGATE_REPLAY_CLIENT")) note(address(named));
    for (const ByteVector& packet : packets)
      if (fate_of(packet, SIZE_MAX) != Fate::kNotCarried) note(source_of(packet));
  }
  [[nodiscard]] bool is_client(const IpAddress& address) const {
    return address == v4_ || address == v6_;
  }
  [[nodiscard]] std::vector<net::PeerPrefix> prefixes() const {
    std::vector<net::PeerPrefix> out;
    for (const IpAddress& own : {v4_, v6_})
      if (own.family != IpFamily::kNone) out.push_back({.prefix = net::host_prefix(own)});
    return out;
  }

 private:
  void note(const IpAddress& address) {
    IpAddress& own = address.family == IpFamily::kV4 ? v4_ : v6_;
    if (own.family == IpFamily::kNone) own = address;
  }
  IpAddress v4_;
  IpAddress v6_;
};

class Captured : public testing::TestWithParam<std::string> {
 protected:
  /// Everybody but the client is behind a router on the inner port.
  void route(const Ends& ends) {
    net::PortAddressing port{.port = kInnerPort, .role = net::PortRole::kInner, .mac = kInnerMac};
    port.addresses = {*base::parse_prefix("198.18.255.1/30", base::HostBits::kKeep),
                      *base::parse_prefix("fd00:18::1/64", base::HostBits::kKeep)};
    port.gateways = {address("198.18.255.2"), address("fd00:18::2")};
    for (std::uint32_t i = 0; i < 2; ++i) {
      ASSERT_TRUE(h.neighbours->insert(3 + i, kInnerPort, port.gateways[i]));
      h.neighbours->set_mac(3 + i, kServerMac);
    }
    const auto peers = ends.prefixes();
    auto image = net::RouteImage::build({.peers = peers, .ports = {&port, 1}, .routes = {}});
    ASSERT_TRUE(image) << image.error();
    ASSERT_TRUE(h.routes->publish(std::move(*image)));
  }

  /// The outer header copies the inner one's class; on every other packet that can bear it a router
  /// on the way has set "congestion experienced".
  bool from_client(const ByteVector& packet) {
    const bool bears = (class_of(packet) & 3) != 0;
    const bool mark = bears && ++marked_ % 2 == 0;
    client.traffic_class = static_cast<std::uint8_t>(class_of(packet) | (mark ? 3 : 0));
    h.put(client, client.data(packet));
    return mark;
  }

  void play(const ByteVector& packet, const Ends& ends) {
    const bool up = ends.is_client(source_of(packet));
    Fate fate = fate_of(packet, kInnerMtu);
    // What is not the client's has no way but to it.
    if (up == ends.is_client(destination_of(packet))) fate = Fate::kNotCarried;
    // A client cuts and refuses before its tunnel does.
    if (packet.size() > (up ? kInnerMtu : kLongest)) {
      ++count["not played: too long"];
      return;
    }
    ++count[std::string(name_of(fate))];
    const std::uint64_t received = h.count(WorkerCounter::kRxPackets);
    const std::uint64_t drops = h.all_drops();
    bool mark = false;
    if (up)
      mark = from_client(packet);
    else
      h.put(kInnerPort, frame_of(kInnerMac, packet));
    h.poll();
    ASSERT_EQ(h.count(WorkerCounter::kRxPackets), received + 1);
    judge(packet, fate, up, mark, h.all_drops() - drops);
    h.reports();
    EXPECT_EQ(h.unaccounted(), 0);
  }

  void judge(const ByteVector& packet, Fate fate, bool up, bool mark, std::uint64_t dropped) {
    const auto delivered = h.delivered();
    const auto sealed = h.opened(client);
    if (fate != Fate::kCarried && fate != Fate::kCut) {
      EXPECT_TRUE(delivered.empty() && sealed.empty());
      EXPECT_EQ(dropped, 1U);
      return;
    }
    EXPECT_EQ(dropped, 0U);
    EXPECT_EQ((up ? sealed.size() : delivered.size()), 0U) << "a packet turned round";
    if (fate == Fate::kCut) {
      ASSERT_GE(sealed.size(), 2U);
      std::size_t payload = 0;
      for (const Opened& piece : sealed)
        payload += piece.plaintext.size() - (piece.plaintext[0] & 15U) * 4;
      EXPECT_EQ(payload, packet.size() - (packet[0] & 15U) * 4);
      return;
    }
    ASSERT_EQ((up ? delivered.size() : sealed.size()), 1U);
    EXPECT_EQ((up ? delivered[0] : sealed[0].plaintext), carried(packet, kInnerMtu, mark));
    if (!up) {
      EXPECT_EQ(sealed[0].traffic_class, class_of(packet));
    }
  }

  Harness h;
  Client client{h.attached(0, 0)};
  std::map<std::string, std::size_t> count;

 private:
  unsigned marked_{0};
};

TEST_P(Captured, EachPacketIsOutAsARouterWouldSendItOrInOneCounter) {
  const auto pcap = read_pcap(GetParam());
  ASSERT_TRUE(pcap) << pcap.error();
  const Ends ends(pcap->ip_packets);
  ASSERT_NO_FATAL_FAILURE(route(ends));
  for (std::size_t i = 0; i < pcap->ip_packets.size(); ++i) {
    SCOPED_TRACE("IP packet " + std::to_string(i + 1) + " of " + GetParam());
    play(pcap->ip_packets[i], ends);
    if (HasFailure()) break;
  }
  EXPECT_GT(count["carried"], 0U) << "no conversation in it";
  count["not played: not IP"] = pcap->others;
  count["not played: cut by the capture"] = pcap->cut;
  for (const auto& [name, packets] : count)
    if (packets != 0) std::cout << "  " << packets << " " << name << "\n";
}

INSTANTIATE_TEST_SUITE_P(Traffic, Captured, testing::ValuesIn(files()),
                         [](const testing::TestParamInfo<std::string>& file) {
                           std::string name = std::filesystem::path(file.param).stem();
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace jumpgate::test
