#include "checks.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "app/jumpgated/tsc_clock.hpp"
#include "base/bytes.hpp"
#include "crypto/nonce.hpp"
#include "net/frames.hpp"
#include "traffic.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::size_t kIp = net::kEthernetSize;
constexpr std::size_t kUdp = kIp + net::kIpv4Size;
constexpr std::size_t kMessage = kUdp + net::kUdpSize;
constexpr std::size_t kInner = 64;
constexpr std::size_t kFrame = kMessage + kInner + wire::kTrafficOverhead;
using Frame = std::array<std::uint8_t, kFrame>;
using Change = std::function<void(std::uint8_t*)>;

/// Frames of one client, with one thing wrong.
class Forger {
 public:
  explicit Forger(Rig& rig)
      : rig_(rig), aead_(aead_ipsecmb::make_aead(rig.options().suite)), expanded_(1) {
    aead_->expand(client_key(kSession).key, expanded_[0].bytes.data());
  }

  /// A sealed packet; `inside` changes the inner packet, `outside` the frame.
  Frame sealed(const Change& inside, const Change& outside) {
    Frame frame{};
    ClientState& client = rig_.client(kSession);
    const std::uint64_t counter = client.counter++;
    std::uint8_t* message = &frame[kMessage];
    std::uint8_t* text = message + wire::kPrefixSize;
    wire::write_prefix({.type = wire::Type::kData,
                        .phase = 1,
                        .id_key_phase = 1,
                        .counter = counter,
                        .cid = client.gateway_cid},
                       std::span<std::uint8_t, wire::kPrefixSize>(message, wire::kPrefixSize));
    net::build_ip({text, kInner}, inner_address(kSession), kServerAddress, net::kProtocolUdp,
                  kInner - net::kIpv4Size);
    inside(text);
    AeadOp op;
    op.expanded = expanded_[0].bytes.data();
    op.aad = message;
    op.data = text;
    op.length = kInner;
    op.tag = text + kInner;
    op.iv = crypto::traffic_nonce(client_key(kSession).iv, counter);
    aead_->seal({&op, 1});
    wrap(frame);
    outside(frame.data());
    return frame;
  }
  Frame sealed() {
    return sealed([](std::uint8_t*) {}, [](std::uint8_t*) {});
  }

 private:
  static constexpr std::uint32_t kSession = 0;

  void wrap(Frame& frame) {
    net::build_ethernet(frame, rig_.options().ports[kOuterPort]->mac(), kRouterMac,
                        net::kEtherTypeIpv4);
    net::build_ip(std::span(frame).subspan(kIp), client_endpoint(kSession).address, kOuterAddress,
                  net::kProtocolUdp, kFrame - kUdp);
    base::store_be16(&frame[kUdp], client_endpoint(kSession).port);
    base::store_be16(&frame[kUdp + 2], kListenPort);
    base::store_be16(&frame[kUdp + 4], kFrame - kUdp);
    // No checksum (RFC 768): what follows is changed behind it.
    base::store_be16(&frame[kUdp + 6], 0);
  }

  Rig& rig_;
  std::unique_ptr<Aead> aead_;
  std::vector<ExpandedKey> expanded_;
};

rte_mbuf* packet_of(Rig& rig, std::span<const std::uint8_t> bytes) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(rig.pool());
  if (mbuf == nullptr) return nullptr;
  std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(bytes.size())), bytes.data(),
              bytes.size());
  return mbuf;
}

/// What the worker makes of one frame from a port: the reason it was dropped for; nothing if it
/// was not.
std::expected<std::optional<DropReason>, std::string> fate(Rig& rig, BenchPort& in,
                                                           std::span<const std::uint8_t> bytes) {
  std::array<std::uint64_t, kDropReasonCount> before{};
  for (const DropReason reason : kAllDropReasons)
    before[static_cast<std::size_t>(reason)] = rig.counters(0).dropped(reason);
  rte_mbuf* mbuf = packet_of(rig, bytes);
  if (mbuf == nullptr) return std::unexpected(std::string("no packet for the checks"));
  in.load(0, {&mbuf, 1});
  rig.worker(0).poll_once(rig.now);
  in.load(0, {});
  rig.drain_reports();
  const std::size_t out = rig.outer().sent_count(0) + rig.inner().sent_count(0);
  rig.outer().free_sent(0);
  rig.inner().free_sent(0);
  std::optional<DropReason> found;
  for (const DropReason reason : kAllDropReasons) {
    if (rig.counters(0).dropped(reason) == before[static_cast<std::size_t>(reason)]) continue;
    if (found || out != 0) return std::unexpected(std::string("it was counted twice, or sent"));
    found = reason;
  }
  return found;
}

void sum_ip_again(std::uint8_t* ip) {
  base::store_be16(ip + 10, 0);
  base::store_be16(ip + 10, net::internet_checksum({ip, net::kIpv4Size}));
}

struct Kind {
  DropReason reason;
  Change inside;
  Change outside;
};

std::vector<Kind> kinds(Rig& rig) {
  const Change none = [](std::uint8_t*) {};
  const auto message = [](std::size_t at, std::uint8_t mask) {
    return [=](std::uint8_t* frame) { frame[kMessage + at] ^= mask; };
  };
  const auto cid = [&rig](const crypto::CidFields& fields) {
    return [id = rig.cids().encode(fields)](std::uint8_t* frame) {
      base::store_le64(frame + kMessage + 8, id.value);
    };
  };
  const auto inner_to = [](const IpAddress& to) {
    return [=](std::uint8_t* ip) { net::build_ip({ip, kInner}, inner_address(0), to, 17, 44); };
  };
  return {
      {DropReason::kEthNotForUs, none, [](std::uint8_t* f) { f[5] ^= 1; }},
      {DropReason::kIpBadVersion, none, [](std::uint8_t* f) { f[kIp] = 0x55; }},
      {DropReason::kIpBadHeader, none, [](std::uint8_t* f) { f[kIp] = 0x41; }},
      {DropReason::kIpBadChecksum, none, [](std::uint8_t* f) { f[kIp + 10] ^= 1; }},
      {DropReason::kIpMartian, none,
       [](std::uint8_t* f) { f[kIp + 12] = 127, sum_ip_again(f + kIp); }},
      {DropReason::kIpNotForUs, none,
       [](std::uint8_t* f) { f[kIp + 19] ^= 1, sum_ip_again(f + kIp); }},
      {DropReason::kIpFragment, none,
       [](std::uint8_t* f) { f[kIp + 6] = 0x20, sum_ip_again(f + kIp); }},
      {DropReason::kUdpTooShort, none, [](std::uint8_t* f) { base::store_be16(f + kUdp + 4, 7); }},
      {DropReason::kUdpBadChecksum, none, [](std::uint8_t* f) { f[kUdp + 6] = 1; }},
      {DropReason::kUdpWrongPort, none, [](std::uint8_t* f) { f[kUdp + 3] ^= 1; }},
      {DropReason::kWireTooShort, none,
       [](std::uint8_t* f) { base::store_be16(f + kUdp + 4, 8 + 31); }},
      {DropReason::kWireUnknownType, none, [](std::uint8_t* f) { f[kMessage] = 1; }},
      {DropReason::kWireWrongRole, none, [](std::uint8_t* f) { f[kMessage] = 0x82; }},
      {DropReason::kWireReservedBits, none, message(1, 0x80)},
      {DropReason::kCidInvalid, none, message(8, 1)},
      {DropReason::kCidInvalid, none, cid({.node = 77})},
      {DropReason::kCidUnknown, none, cid({.node = kNode, .slot = 1U << 21})},
      {DropReason::kCidUnknown, none, cid({.node = kNode, .generation = 1000})},
      {DropReason::kEpochUnknown, none, message(1, 3)},
      {DropReason::kAuthFailed, none, message(wire::kPrefixSize, 1)},
      {DropReason::kAuthFailed, none, message(wire::kPrefixSize + kInner + 15, 1)},
      {DropReason::kAuthFailed, none, message(4, 1)},
      {DropReason::kInnerBadHeader, [](std::uint8_t* ip) { ip[0] = 0x55; }, none},
      {DropReason::kInnerBadHeader, [](std::uint8_t* ip) { ip[3] ^= 1; }, none},
      {DropReason::kInnerBadHeader, [](std::uint8_t* ip) { ip[10] ^= 1; }, none},
      {DropReason::kInnerBadSource, [](std::uint8_t* ip) { ip[12] ^= 1, sum_ip_again(ip); }, none},
      {DropReason::kInnerToGateway, inner_to(kOuterAddress), none},
      {DropReason::kInnerNoRoute, inner_to(kClientAddress), none},
      {DropReason::kInnerTtlExceeded, [](std::uint8_t* ip) { ip[8] = 1, sum_ip_again(ip); }, none},
  };
}

/// What is wrong only as the second: the same packet again, and one behind the window.
std::expected<std::size_t, std::string> prove_replay(Rig& rig, Forger& forger) {
  const Frame first = forger.sealed();
  const auto expect = [&](const Frame& frame, std::optional<DropReason> wanted,
                          std::string_view what) -> std::expected<void, std::string> {
    const auto got = fate(rig, rig.outer(), frame);
    if (!got) return std::unexpected(got.error());
    if (*got == wanted) return {};
    return std::unexpected(fmt::format("{} became {}", what, *got ? to_string(**got) : "sent"));
  };
  if (auto done = expect(first, std::nullopt, "a good packet"); !done)
    return std::unexpected(done.error());
  if (auto done = expect(first, DropReason::kReplayDuplicate, "a replay"); !done)
    return std::unexpected(done.error());
  rig.client(0).counter += rig.options().replay_window;
  if (auto done = expect(forger.sealed(), std::nullopt, "a packet far ahead"); !done)
    return std::unexpected(done.error());
  if (auto done = expect(first, DropReason::kReplayOld, "a packet behind the window"); !done)
    return std::unexpected(done.error());
  return 2;
}

/// Plain frames that must not be sealed.
std::expected<std::size_t, std::string> prove_seal(Rig& rig) {
  std::array<std::uint8_t, net::kEthernetSize + 1480> frame{};
  const auto wrong = [&](const IpAddress& to, std::size_t size, std::uint8_t ttl) {
    net::build_ethernet(frame, rig.options().ports[kInnerPort]->mac(), kServerMac,
                        net::kEtherTypeIpv4);
    net::build_ip(std::span(frame).subspan(kIp), kServerAddress, to, net::kProtocolUdp,
                  size - net::kIpv4Size, ttl);
    return fate(rig, rig.inner(), std::span(frame).first(kIp + size));
  };
  const std::array<std::pair<DropReason, std::expected<std::optional<DropReason>, std::string>>, 3>
      all{{{DropReason::kInnerNoRoute, wrong(kClientAddress, 64, 64)},
           {DropReason::kInnerTtlExceeded, wrong(inner_address(0), 64, 1)},
           {DropReason::kInnerTooBig, wrong(inner_address(0), 1480, 64)}}};
  for (const auto& [wanted, got] : all)
    if (!got || *got != wanted)
      return std::unexpected(fmt::format("to be sealed: no {}", to_string(wanted)));
  return all.size();
}

}  // namespace

std::expected<std::size_t, std::string> prove_checks(Rig& rig) {
  Forger forger(rig);
  std::size_t count = 0;
  for (const Kind& kind : kinds(rig)) {
    const auto got = fate(rig, rig.outer(), forger.sealed(kind.inside, kind.outside));
    if (!got) return std::unexpected(fmt::format("{}: {}", to_string(kind.reason), got.error()));
    if (*got != kind.reason)
      return std::unexpected(fmt::format("what should be {} became {}", to_string(kind.reason),
                                         *got ? to_string(**got) : "sent"));
    ++count;
  }
  const auto replay = prove_replay(rig, forger);
  if (!replay) return replay;
  const auto seal = prove_seal(rig);
  if (!seal) return seal;
  return count + *replay + *seal;
}

std::expected<void, std::string> prove_features(Rig& rig) {
  std::array<std::uint8_t, net::kEthernetSize + 64> frame{};
  const auto judged = [&](std::uint16_t port) {
    net::build_ethernet(frame, rig.options().ports[kInnerPort]->mac(), kServerMac,
                        net::kEtherTypeIpv4);
    net::build_ip(std::span(frame).subspan(kIp), kServerAddress, inner_address(0),
                  net::kProtocolUdp, 64 - net::kIpv4Size);
    base::store_be16(&frame[kUdp + 2], port);
    return fate(rig, rig.inner(), frame);
  };
  if (const auto denied = judged(kDeniedPort); !denied || *denied != DropReason::kFilterDenied)
    return std::unexpected(std::string("the filter's last rule denies nothing"));
  if (const auto passed = judged(kDeniedPort + 1); !passed || *passed)
    return std::unexpected(std::string("the filter denies what it should not"));
  const data::Shard& shard = rig.worker(0).shard();
  if (shard.meters.totals_by != rig.features().rates().get()->serial())
    return std::unexpected(std::string("no rates were asked"));
  return {};
}

std::expected<Flood, std::string> flood(Rig& rig, int chunks) {
  static constexpr std::uint16_t kSizes[] = {512};
  const Recipe recipe{.flow = Flow::kOpen, .sizes = kSizes, .sessions = rig.options().sessions};
  Traffic traffic(rig, 0);
  Flood result;
  std::uint64_t state = 1;
  const app::TscClock clock;
  double ns = 0;
  for (int chunk = 0; chunk < chunks; ++chunk) {
    const auto good = traffic.make(recipe);
    std::vector<rte_mbuf*> mixed;
    for (rte_mbuf* packet : good) {
      const std::span<const std::uint8_t> bytes(rte_pktmbuf_mtod(packet, std::uint8_t*),
                                                rte_pktmbuf_data_len(packet));
      rte_mbuf* garbage = packet_of(rig, bytes);
      if (garbage == nullptr) return std::unexpected(std::string("no packets for the flood"));
      auto* head = rte_pktmbuf_mtod(garbage, std::uint8_t*);
      state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
      const ConnectionId gone = rig.cids().encode(
          {.node = kNode, .slot = 0, .generation = static_cast<std::uint32_t>(state >> 44) | 64});
      base::store_le64(head + kMessage + 8, mixed.size() % 4 == 0 ? state : gone.value);
      base::store_be16(head + kUdp + 6, 0);
      mixed.push_back(garbage);
      mixed.push_back(packet);
    }
    rig.outer().load(0, mixed);
    const MonoNs start = clock();
    while (!rig.outer().drained(0))
      rig.worker(0).poll_once(rig.now);
    rig.worker(0).poll_once(rig.now);
    ns += static_cast<double>((clock() - start).ns) / static_cast<double>(mixed.size());
    result.good_sent += good.size();
    result.garbage += good.size();
    result.good_lost += good.size() - rig.inner().sent_count(0);
    rig.inner().free_sent(0);
    rig.outer().free_sent(0);
    rig.drain_reports();
  }
  result.ns_per_packet = ns / chunks;
  return result;
}

}  // namespace jumpgate::bench
