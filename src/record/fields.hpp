/// The form in which a recording holds values: the same few functions write them and read them back.
///
/// Purpose: one list of fields a type (`pass`), for both directions; a member that is added does not
/// compile until it is passed too, or said to be left out. Of Report, HandshakeJob, PortConfig and
/// GatewayConfig only what the core reads is named: there nothing but a replay that differs shows
/// what is missing. Numbers are varints of 7 bits a byte, low ones first. Secrets have no `pass`, so
/// that none gets into a recording (docs/decisions/0008).
/// Owner thread: any; pure. Bound: a list grows only while its elements are there, to kMost. Failure:
/// a reader that finds less, or a number too large for its type or table, is failed() and gives
/// zeros from then on.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "bus/messages.hpp"
#include "config/gateway_config.hpp"
#include "crypto/connection_id.hpp"
#include "ctl/core.hpp"
#include "ctl/handshake_job.hpp"
#include "ctl/ports.hpp"
#include "net/ecn.hpp"
#include "net/filter_rule.hpp"

namespace jumpgate::record {

using Bytes = std::vector<std::uint8_t>;

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

/// Of enumerations by which tables are indexed or keys are chosen: nothing beyond is read.
template <class T>
inline constexpr std::uint64_t kLargest = UINT64_MAX;
template <>
inline constexpr std::uint64_t kLargest<DropReason> = kDropReasonCount - 1;
template <>
inline constexpr auto kLargest<Suite> = static_cast<std::uint64_t>(Suite::kChaCha20Poly1305);

/// Of lists whose elements take far more memory than bytes on the tape: none is longer.
template <class T>
inline constexpr std::uint64_t kMost = UINT64_MAX;
template <>
inline constexpr std::uint64_t kMost<config::PortConfig> = limits::kMaxPorts;
template <>
inline constexpr std::uint64_t kMost<net::FilterSet> = net::kMaxFilters;
template <>
inline constexpr std::uint64_t kMost<session::PolicyProfile> = session::PolicySet::kMaxProfiles;

constexpr std::uint64_t bits_of(Number auto value) {
  if constexpr (std::same_as<decltype(value), char>) {
    return static_cast<unsigned char>(value);
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

class Writer {
 public:
  static constexpr bool kReads = false;
  explicit Writer(Bytes& out) : out_(out) {}

  void number(Number auto value) {
    std::uint64_t bits = bits_of(value);
    for (; bits >= 0x80; bits >>= 7)
      out_.push_back(static_cast<std::uint8_t>(bits | 0x80));
    out_.push_back(static_cast<std::uint8_t>(bits));
  }
  void bytes(std::span<const std::uint8_t> value) {
    out_.insert(out_.end(), value.begin(), value.end());
  }

 private:
  Bytes& out_;
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::span<const std::uint8_t> in) : in_(in) {}

  template <Number T>
  void number(T& value) {
    const std::uint64_t bits = varint();
    value = static_cast<T>(bits);
    if (bits_of(value) != bits || bits > kLargest<T>) fail();
    if (failed_) value = T{};
  }
  void bytes(std::span<std::uint8_t> value);
  /// So many bytes as they lie; none when there are less.
  [[nodiscard]] std::span<const std::uint8_t> take(std::uint64_t size);

  void fail() { failed_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return in_.size(); }

 private:
  [[nodiscard]] std::uint64_t varint();

  std::span<const std::uint8_t> in_;
  bool failed_{false};
};

/// T, for reading into or for writing from.
template <class T, class Plain>
concept Of = std::same_as<std::remove_const_t<T>, Plain>;

template <class Io, class T>
  requires Number<std::remove_const_t<T>>
void pass(Io& io, T& value) {
  io.number(value);
}
/// One member is all of it.
template <class T>
concept Wrapper = Of<T, MonoNs> || Of<T, Duration> || Of<T, ConnectionId> || Of<T, SessionId>;
template <class T>
inline constexpr bool kIsByteArray = false;
template <std::size_t N>
inline constexpr bool kIsByteArray<std::array<std::uint8_t, N>> = true;
template <class T>
concept ByteArray = kIsByteArray<std::remove_const_t<T>>;
template <class T>
concept List = Of<T, std::string> || Of<T, std::vector<typename T::value_type>>;
template <class T>
concept Maybe = Of<T, std::optional<typename T::value_type>>;

template <class Io, ByteArray T>
void pass(Io& io, T& value) {
  io.bytes(value);
}
template <class Io, Wrapper T>
void pass(Io& io, T& value) {
  auto& [inner] = value;
  pass(io, inner);
}
template <class Io, List T>
void pass(Io& io, T& list) {
  if constexpr (Io::kReads) {
    std::uint64_t size = 0;
    pass(io, size);
    list.clear();
    if (size > io.left() || size > kMost<typename T::value_type>) io.fail();
    for (; size > 0 && !io.failed(); --size) {
      list.push_back({});
      pass(io, list.back());
    }
  } else {
    io.number(list.size());
    for (auto& element : list)
      pass(io, element);
  }
}
template <class Io, Maybe T>
void pass(Io& io, T& value) {
  bool there = value.has_value();
  pass(io, there);
  if constexpr (Io::kReads) {
    value.reset();
    if (there) value.emplace();
  }
  if (value) pass(io, *value);
}
template <class Io, class... T>
void pass_all(Io& io, T&... values) {
  (pass(io, values), ...);
}
template <class Io>
void pass(Io& io, Of<IpAddress> auto& address) {
  auto& [family, bytes] = address;
  pass_all(io, family, bytes);
}
template <class Io>
void pass(Io& io, Of<IpPrefix> auto& prefix) {
  auto& [address, length] = prefix;
  pass_all(io, address, length);
}
template <class Io>
void pass(Io& io, Of<Endpoint> auto& endpoint) {
  auto& [address, port] = endpoint;
  pass_all(io, address, port);
}
template <class Io>
void pass(Io& io, Of<bus::SessionRef> auto& ref) {
  auto& [worker, slot, life] = ref;
  pass_all(io, worker, slot, life);
}
template <class Io>
void pass(Io& io, Of<bus::OuterPath> auto& path) {
  auto& [remote, local, port, neighbour, next_hop] = path;
  pass_all(io, remote, local, port, neighbour, next_hop);
  if constexpr (Io::kReads)
    if (port >= limits::kMaxPorts) io.fail();
}
template <class Io>
void pass(Io& io, Of<ctl::TrafficFigures> auto& figures) {
  auto& [rx_packets, rx_bytes, tx_packets, tx_bytes, drops, last_heard, srtt_us, loss_permille,
         path_mtu] = figures;
  pass_all(io, rx_packets, rx_bytes, tx_packets, tx_bytes, drops, last_heard, srtt_us,
           loss_permille, path_mtu);
}
/// What the core reads of a report; its connection id stands apart (TapedId).
template <class Io>
void pass(Io& io, Of<bus::Report> auto& report) {
  pass_all(io, report.kind, report.type, report.generation, report.session, report.from, report.to,
           report.value, report.epoch);
}

/// A connection id as it stands on the tape: of those that the gateway issued what they mean, since
/// the key that makes them is no part of a recording.
struct TapedId {
  std::optional<crypto::CidFields> ours;
  ConnectionId foreign;
};
[[nodiscard]] TapedId taped(const crypto::CidCipher& cipher, ConnectionId cid);
/// The same id under another key.
[[nodiscard]] ConnectionId untaped(const crypto::CidCipher& cipher, const TapedId& id);

template <class Io>
void pass(Io& io, Of<crypto::CidFields> auto& fields) {
  auto& [node, worker, slot, generation] = fields;
  pass_all(io, node, worker, slot, generation);
}
template <class Io>
void pass(Io& io, Of<TapedId> auto& id) {
  auto& [ours, foreign] = id;
  pass_all(io, ours, foreign);
}

// ---- Policy and configuration
// -------------------------------------------------------------------
template <class Io>
void pass(Io& io, Of<session::Policy> auto& policy) {
  auto& [version, session, volatility, switching, transport, security, keys] = policy;
  auto& [max_lifetime, transport_lost_ttl] = session;
  auto& [interval, silence, idle, window, loss, drops, latency, to_degraded] = volatility;
  auto& [per_minute, cooldown, recovery, improvement] = switching;
  auto& [candidates, udp4, udp6] = transport;
  auto& [proof_age, replay_window] = security;
  auto& [rekey_after, reject_after, in_recovery, after_change] = keys;
  pass_all(io, version, max_lifetime, transport_lost_ttl, interval, silence, idle, window, loss,
           drops, latency, to_degraded, per_minute, cooldown, recovery, improvement, candidates,
           udp4, udp6, proof_age, replay_window, rekey_after, reject_after, in_recovery,
           after_change);
}
template <class Io>
void pass(Io& io, Of<session::PolicyProfile> auto& profile) {
  auto& [name, policy] = profile;
  pass_all(io, name, policy);
}
template <class Io>
void pass(Io& io, Of<session::PolicySet> auto& set) {
  auto& [base, profiles] = set;
  pass_all(io, base, profiles);
}
template <class Io>
void pass(Io& io, Of<config::PeerConfig> auto& peer) {
  auto& [name, public_key, preshared_key, addresses, allowed_ips, suites, filter, rates, profile,
         quota, line] = peer;
  static_cast<void>(preshared_key);  // a secret
  static_cast<void>(line);           // for messages
  pass_all(io, name, public_key, addresses, allowed_ips, suites, filter, rates, profile, quota);
}
template <class Io>
void pass(Io& io, Of<config::RouteConfig> auto& route) {
  auto& [prefix, port, via, place] = route;
  static_cast<void>(place);  // for messages
  pass_all(io, prefix, port, via);
}
template <class Io>
void pass(Io& io, Of<net::PortRange> auto& range) {
  auto& [first, last] = range;
  pass_all(io, first, last);
}
/// Its line too: a rule on another line is another rule, and a reload publishes it.
template <class Io>
void pass(Io& io, Of<net::FilterRule> auto& rule) {
  auto& [action, direction, protocol, from, to, from_ports, to_ports, line] = rule;
  pass_all(io, action, direction, protocol, from, to, from_ports, to_ports, line);
}
template <class Io>
void pass(Io& io, Of<net::FilterSet> auto& set) {
  auto& [name, otherwise, rules] = set;
  pass_all(io, name, otherwise, rules);
}
template <class Io>
void pass(Io& io, Of<net::Rate> auto& rate) {
  auto& [bytes, packets] = rate;
  pass_all(io, bytes, packets);
}
template <class Io>
void pass(Io& io, Of<net::RateSet> auto& set) {
  auto& [name, session, total, burst, quota] = set;
  pass_all(io, name, session[0], session[1], total[0], total[1], burst, quota);
}
template <class Io>
void pass(Io& io, Of<net::OuterClass> auto& outer) {
  auto dscp = outer.dscp();
  pass(io, dscp);
  if constexpr (Io::kReads) {
    if (dscp && *dscp > net::kMaxDscp) io.fail();
    outer = dscp ? net::OuterClass::fixed(*dscp) : net::OuterClass{};
  }
}
template <class Io>
void pass(Io& io, Of<net::Treatment> auto& treatment) {
  auto& [outer_class, client_to_client] = treatment;
  pass_all(io, outer_class, client_to_client);
}
template <class Io>
void pass(Io& io, Of<config::ProfileConfig> auto& profile) {
  auto& [name, filter, rates, outer_class, client_to_client] = profile;
  pass_all(io, name, filter, rates, outer_class, client_to_client);
}
template <class Io>
void pass(Io& io, Of<config::PortConfig> auto& port) {
  pass_all(io, port.name);
}
/// What the core reads of a configuration: peers, policy, and whether routes, filters, rates or
/// treatments change.
template <class Io>
void pass(Io& io, Of<config::GatewayConfig> auto& config) {
  pass_all(io, config.policies, config.ports, config.routes, config.filters, config.rates,
           config.profiles, config.inner.filter, config.inner.rates, config.inner.outer_class,
           config.inner.client_to_client, config.peers);
}
template <class Io>
void pass(Io& io, Of<ctl::Settings> auto& settings) {
  auto& [node, owner_epoch, workers, slots, sessions, peers, mtu, suites, rate, public_key, cid_key,
         phase] = settings;
  static_cast<void>(cid_key);  // a secret
  pass_all(io, node, owner_epoch, workers, slots, sessions, peers, mtu, suites, rate, public_key,
           phase);
}

// ---- Handshakes
// ---------------------------------------------------------------------------------
/// What a thread found out, roots apart; of a HELLO also what it came with.
template <class Io>
void pass(Io& io, Of<ctl::HandshakeJob> auto& job) {
  pass_all(io, job.kind, job.failure, job.peer, job.payload, job.remote, job.header.version,
           job.header.client_cid, job.from, job.to, job.worker, job.answer_size,
           job.gateway_ephemeral);
  if constexpr (Io::kReads)
    if (job.answer_size > job.answer.size()) io.fail();
}

}  // namespace jumpgate::record
