/// One session of the client: its record, keys and the exchanges on them.
///
/// Purpose: dispatch of authentic messages, timers in their order, and the link between jump, rekey
/// and heartbeats. The engine owns it and finds it by connection id.
/// Owner thread: the client's loop. Bound: fixed size; bursts of limits::kBurst.
/// Failure: ends in TERMINATED with a reason; the engine then makes a new one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/datagrams.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "client/inner_path.hpp"
#include "client/jumper.hpp"
#include "client/part_joiner.hpp"
#include "client/rekeyer.hpp"
#include "client/session_core.hpp"
#include "session/liveness.hpp"
#include "session/path_mtu.hpp"

namespace jumpgate::client {

/// Zero bytes behind each of the client's heartbeats, so that a single one from a new address pays
/// for the challenge it needs (spec/heartbeat.md "Padding").
inline constexpr std::size_t kHeartbeatPadding = 32;
/// CONFIRM is repeated within these bounds (spec/handshake.md "The client").
inline constexpr Duration kConfirmMin = milliseconds(250);
inline constexpr Duration kConfirmMax = seconds(1);

class ClientSession {
 public:
  ClientSession(World& world, Aead& aead, WelcomeResult&& welcome, MonoNs now);

  [[nodiscard]] bool knows(ConnectionId client_cid) const {
    return core_.tunnel.knows(client_cid) || jumper_.owns(client_cid);
  }
  /// Authenticity is judged here; the prefix has been read.
  void on_traffic(std::span<const SealedPacket> packets, MonoNs now);
  void on_control(const wire::Prefix& prefix, std::span<std::uint8_t> message, UplinkId uplink,
                  const Endpoint& from, MonoNs now);
  /// True when the token is one of an id that this session sends to: it is over.
  bool on_reset(const ResetToken& token, MonoNs now);

  /// Inner packets from the host, with room for prefix and tag around each.
  void send_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now);

  void on_uplink(UplinkId uplink, bool up, bool moved, MonoNs now);
  void on_path_error(UplinkId uplink, MonoNs now);
  void on_path_mtu_hint(UplinkId uplink, std::uint32_t mtu, MonoNs now);
  [[nodiscard]] const session::PathMtu& path_mtu() const { return path_mtu_; }
  [[nodiscard]] std::uint16_t inner_mtu() const { return inner_path_.mtu(); }
  /// A planned move. False when the uplink is down, in use already, or the session is not attached.
  [[nodiscard]] bool move_to(UplinkId uplink, MonoNs now);
  /// Says goodbye and ends the session.
  void close(Reason reason, MonoNs now);
  void terminate(Reason reason, MonoNs now) { core_.terminate(reason, now); }
  /// Its successor is ATTACHED: it ends, and takes DATA that is still on its way until drained_at().
  void supersede(MonoNs now) { core_.supersede(now); }
  [[nodiscard]] MonoNs drained_at() const { return core_.drain_deadline; }
  void end_drain(MonoNs now) { core_.wipe_keys(now); }

  void tick(MonoNs now);
  [[nodiscard]] MonoNs next_deadline() const;

  [[nodiscard]] State state() const { return core_.state(); }
  [[nodiscard]] bool over() const { return core_.over(); }
  [[nodiscard]] bool wants_successor(MonoNs now) const {
    return now >= renew_at_ || jumper_.wants_new_session();
  }
  [[nodiscard]] MonoNs renew_at() const { return renew_at_; }
  [[nodiscard]] Reason end_reason() const { return core_.end_reason; }
  [[nodiscard]] SessionCore& core() { return core_; }
  [[nodiscard]] const SessionCore& core() const { return core_; }
  [[nodiscard]] const Rekeyer& rekeyer() const { return rekeyer_; }
  [[nodiscard]] MonoNs last_heard() const { return liveness_.last_heard(); }

 private:
  void confirm();
  void on_opened(const OpenedPacket& packet, MonoNs now);
  void on_heartbeat(const OpenedPacket& packet, MonoNs now);
  /// The figures of the path after one more heartbeat, and what follows from them.
  void judge_path(MonoNs now);
  void on_close(const OpenedPacket& packet, MonoNs now);
  void on_authentic(MonoNs now);
  void on_heard(std::uint64_t binding_version, MonoNs now);
  void on_committed(MonoNs now);
  void start_jump(Reason cause, std::optional<UplinkId> target, MonoNs now);
  /// The heartbeat that is due, if one is.
  void send_due_heartbeat(MonoNs now);
  void send_heartbeat(const wire::Heartbeat& heartbeat);
  void send_padded_heartbeat(wire::Heartbeat heartbeat, std::size_t size);
  void restart_liveness(MonoNs now);
  /// Echoes are of the current epoch, whichever way it became that.
  void follow_epoch();
  void after_change(MonoNs now);
  void handle_control(const Arrival& arrival,
                      std::span<const std::uint8_t, wire::kControlPayloadSize> payload, MonoNs now);
  void on_ack(const wire::Ack& ack, const Arrival& arrival, MonoNs now);
  void on_rekey_reply(const wire::RekeyReply& reply, const Arrival& arrival, MonoNs now);
  void on_control_close(const wire::ControlClose& close, MonoNs now);
  void check_deadlines(MonoNs now);

  // ---- DATA (session_inner.cpp)
  class Delivery;
  /// A packet from the host that does not fit: in pieces, or its sender is told.
  void send_too_big(std::span<std::uint8_t> packet, MonoNs now);
  void seal_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now);

  // ---- Path MTU (session_path_mtu.cpp)
  void restart_path_mtu(MonoNs now);
  void run_path_probe(MonoNs now);
  /// Asks the gateway for a heartbeat; silence is noticed at the quick pace then.
  void probe(MonoNs now);
  void use_path_mtu();
  [[nodiscard]] MonoNs busy_until() const { return last_data_ + session::kTrafficMemory; }

  SessionCore core_;
  InnerPath inner_path_;
  PartJoiner part_joiner_;
  session::PathMtu path_mtu_;
  std::uint16_t told_mtu_{0};  // of inner packets; 0: not yet
  MonoNs last_data_{};         // DATA either way
  Jumper jumper_;
  Rekeyer rekeyer_;
  session::Liveness liveness_;
  std::uint64_t liveness_epoch_;
  RetransmitTimer confirm_timer_;
  MonoNs renew_at_;
  MonoNs wanted_jump_not_before_{};
  std::uint64_t peer_close_seq_{0};
};

}  // namespace jumpgate::client
