/// The form in which a recording holds values: the same few functions write them and read them back.
///
/// Purpose: one list of fields a type (`pass`), for both directions; a member that is added to one of
/// these types does not compile until it is passed too. Numbers are varints of 7 bits a byte, low
/// ones first. Secrets have no `pass`, so that none gets into a recording (docs/decisions/0008).
/// Owner thread: any; pure. Bound: a list is no longer than the bytes that are left. Failure: a reader
/// that finds less, or a number too large for its type, is failed() and gives zeros from then on.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "bus/messages.hpp"
#include "config/gateway_config.hpp"
#include "crypto/connection_id.hpp"
#include "ctl/core.hpp"
#include "ctl/handshake_job.hpp"
#include "ctl/ports.hpp"

namespace jumpgate::record {

using Bytes = std::vector<std::uint8_t>;

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

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
    if (bits_of(value) != bits) fail();
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
template <class Io>
void pass(Io& io, Of<std::string> auto& text);
template <class Io, class T>
void pass(Io& io, std::optional<T>& value);
template <class Io, class T>
void pass(Io& io, const std::optional<T>& value);
template <class Io, class T>
void pass(Io& io, std::vector<T>& list);
template <class Io, class T>
void pass(Io& io, const std::vector<T>& list);

template <class Io, std::size_t N>
void pass(Io& io, std::array<std::uint8_t, N>& value) {
  io.bytes(value);
}
template <class Io, std::size_t N>
void pass(Io& io, const std::array<std::uint8_t, N>& value) {
  io.bytes(value);
}
template <class Io>
void pass(Io& io, Of<MonoNs> auto& time) {
  io.number(time.ns);
}
template <class Io>
void pass(Io& io, Of<Duration> auto& duration) {
  io.number(duration.ns);
}
template <class Io>
void pass(Io& io, Of<ConnectionId> auto& cid) {
  io.number(cid.value);
}
template <class Io>
void pass(Io& io, Of<SessionId> auto& id) {
  io.bytes(id.bytes);
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
}
template <class Io>
void pass(Io& io, Of<ctl::TrafficFigures> auto& figures) {
  auto& [rx_packets, rx_bytes, tx_packets, tx_bytes, last_heard, srtt_us, loss_permille, path_mtu] =
      figures;
  pass_all(io, rx_packets, rx_bytes, tx_packets, tx_bytes, last_heard, srtt_us, loss_permille,
           path_mtu);
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
  auto& [rekey_after, reject_after, in_recovery] = keys;
  pass_all(io, version, max_lifetime, transport_lost_ttl, interval, silence, idle, window, loss,
           drops, latency, to_degraded, per_minute, cooldown, recovery, improvement, candidates,
           udp4, udp6, proof_age, replay_window, rekey_after, reject_after, in_recovery);
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
  pass_all(io, peer.name, peer.public_key, peer.addresses, peer.allowed_ips, peer.suites,
           peer.profile);
}
template <class Io>
void pass(Io& io, Of<config::RouteConfig> auto& route) {
  pass_all(io, route.prefix, route.port, route.via);
}
template <class Io>
void pass(Io& io, Of<config::PortConfig> auto& port) {
  pass_all(io, port.name);
}
/// What the core reads of a configuration: peers, policy, and whether routes change.
template <class Io>
void pass(Io& io, Of<config::GatewayConfig> auto& config) {
  pass_all(io, config.policies, config.ports, config.routes, config.peers);
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
}

// ---- Lists
// --------------------------------------------------------------------------------------
template <class Io, class List>
void pass_list(Io& io, List& list) {
  if constexpr (Io::kReads) {
    std::uint64_t size = 0;
    io.number(size);
    if (size > io.left()) {
      io.fail();
      return;
    }
    list.resize(size);
  } else {
    io.number(list.size());
  }
  for (auto& element : list)
    pass(io, element);
}
template <class Io>
void pass(Io& io, Of<std::string> auto& text) {
  pass_list(io, text);
}
template <class Io, class T>
void pass(Io& io, std::vector<T>& list) {
  pass_list(io, list);
}
template <class Io, class T>
void pass(Io& io, const std::vector<T>& list) {
  pass_list(io, list);
}
template <class Io, class T>
void pass(Io& io, const std::optional<T>& value) {
  io.number(value.has_value());
  if (value) pass(io, *value);
}
template <class Io, class T>
void pass(Io& io, std::optional<T>& value) {
  bool there = value.has_value();
  io.number(there);
  if constexpr (Io::kReads) {
    value.reset();
    if (there) value.emplace();
  }
  if (value) pass(io, *value);
}

}  // namespace jumpgate::record
