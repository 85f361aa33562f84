/// A million clients, as far as the controller notices them: what each would say, and what it makes of an answer.
///
/// Owner thread: one. Bound: one small record a client; nothing is kept of a message. Failure: an answer that does
/// not open, or that nobody waits for, ends the program: the benchmark would measure something else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "crypto/key_schedule.hpp"
#include "ctl/handshake_job.hpp"
#include "surroundings.hpp"

namespace jumpgate::bench {

/// One report of a worker to the controller, with the bytes that its mbuf would hold.
struct Input {
  bus::Report report;
  std::optional<std::uint32_t> ask_rekey;  // no report, but the operator's wish for this client
  std::array<std::uint8_t, wire::kHelloSize> bytes{};
};

/// A client's static key: anything, since nobody does Diffie-Hellman with it.
[[nodiscard]] PublicKey static_key(std::uint32_t client);

class Clients {
 public:
  Clients(std::uint32_t count, const PublicKey& gateway);

  /// What a handshake thread would make of a job, without its Diffie-Hellman: a HELLO's header names its client, and
  /// a WELCOME gives the session its root.
  void handshake(ctl::HandshakeJob& job);

  [[nodiscard]] Input hello(std::uint32_t client) const;
  /// A planned jump to the client's other path.
  [[nodiscard]] Input reattach(std::uint32_t client);
  /// No client's: the operator asks for new keys of its session.
  [[nodiscard]] Input rekey_asked(std::uint32_t client) const;
  /// The heartbeats of the session in this slot ask for new keys: its REKEY, if none is out.
  [[nodiscard]] std::optional<Input> rekey_wanted(std::uint32_t slot);
  /// The worker's word about the bound path.
  [[nodiscard]] Input edge(std::uint32_t client, bus::ReportKind kind,
                           ConnectionId gateway_cid) const;
  /// What the client says to a message of the gateway; nothing to an ACK.
  [[nodiscard]] std::optional<Input> answer(const Datagram& datagram);

  [[nodiscard]] const SessionId& session(std::uint32_t client) const {
    return clients_[client].session;
  }
  /// ACKs of a commit.
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t welcomed() const { return welcomed_; }

 private:
  using Payload = std::span<std::uint8_t, wire::kControlPayloadSize>;
  struct Client {
    bus::SessionRef ref;
    SessionId session;
    std::uint64_t binding_version{1};
    std::uint32_t jump_seq{0};
    std::uint32_t generation{0};
    std::uint32_t rekey_seq{0};
    bool rekeying{false};
    std::uint32_t ids{1};  // client ids used
    std::uint8_t path{0};
  };

  void read(ctl::HandshakeJob& job) const;
  void welcome(ctl::HandshakeJob& job);
  static void rekey(ctl::HandshakeJob& job);
  [[nodiscard]] ConnectionId next_id(std::uint32_t client);
  [[nodiscard]] Input control(std::uint32_t client, wire::Type type, const Endpoint& from) const;
  using Opened = std::array<std::uint8_t, wire::kControlPayloadSize>;
  [[nodiscard]] Opened open(std::uint32_t client, const Datagram& datagram) const;
  [[nodiscard]] std::optional<Input> challenged(std::uint32_t client, const Datagram& datagram);
  /// The client has the new keys: the first message in their epoch.
  [[nodiscard]] std::optional<Input> replied(std::uint32_t client, const Datagram& datagram);
  static Payload payload_of(Input& input) {
    return std::span(input.bytes).first<wire::kControlPayloadSize>();
  }

  crypto::MacKey mac1_key_;
  std::vector<Client> clients_;
  std::vector<std::uint32_t> in_slot_;  // whose session
  std::uint64_t acknowledged_{0};
  std::uint64_t welcomed_{0};
};

}  // namespace jumpgate::bench
