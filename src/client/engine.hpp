/// The client, sans I/O: datagrams, inner packets, link changes, time and the user's wishes in;
/// datagrams, inner packets, events and the next deadline out.
///
/// Purpose: the session that carries traffic, the one that succeeds it, the one before it while it
/// drains, and the handshake that makes them (make before break). It alone changes sessions'
/// records. Owner thread: the client's loop; nothing here is shared. Bound: three sessions, one
/// handshake, bursts of limits::kBurst.
/// Failure: a session that ends is replaced by a new handshake, at once or, when sessions end
/// young, with a pause that grows to 5 s.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <jumpgate/datagrams.hpp>
#include <jumpgate/time.hpp>

#include "client/client_session.hpp"
#include "client/handshake_client.hpp"
#include "client/output.hpp"
#include "client/uplinks.hpp"

namespace jumpgate::client {

struct UplinkSpec {
  std::string name;
  std::uint8_t preference{0};
};

struct EngineConfig {
  Identity identity;
  std::vector<UplinkSpec> uplinks;
  net::OuterClass outer_class;  // of DATA's outer headers
  bool probe_path_mtu{false};   // false: each path carries an Ethernet's 1500
};

struct EngineDeps {
  Output& output;
  CounterStore& counters;
  base::RandomSource& random;
  AeadSet aeads;
};

/// A session that lived shorter than this ended young: the next handshake waits.
inline constexpr Duration kYoungSession = seconds(5);

class Engine {
 public:
  Engine(EngineConfig&& config, const EngineDeps& deps);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() = default;

  /// Begins the first handshake as soon as an uplink is up.
  void start(MonoNs now);
  /// Ends the session in good order and makes no new one.
  void close(MonoNs now);

  void on_uplink(UplinkId uplink, const UplinkStatus& status, MonoNs now);
  /// Somebody on the path says that it takes no more than `mtu`: a hint (spec/path-mtu.md).
  void on_path_mtu_hint(UplinkId uplink, std::uint32_t mtu, MonoNs now);
  /// A hint of trouble that is not authentic (ICMP): causes a probe at most.
  void on_path_error(UplinkId uplink, MonoNs now);
  /// Received datagrams, in order; they are opened in place.
  void on_datagrams(UplinkId uplink, std::span<const RxDatagram> datagrams, MonoNs now);
  /// Packets from the TUN device, at most limits::kBurst, with wire::kPrefixSize bytes before and a
  /// tag's room behind each.
  void on_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now);
  /// A planned move; false when it is not possible now.
  [[nodiscard]] bool move_to(UplinkId uplink, MonoNs now);

  void tick(MonoNs now);
  /// When tick() wants to be called; kNever when only input can change anything.
  [[nodiscard]] MonoNs next_deadline() const;

  /// The session that carries traffic; null when there is none.
  [[nodiscard]] const ClientSession* session() const { return current_.get(); }
  [[nodiscard]] bool attached() const { return current_ && !current_->over(); }
  [[nodiscard]] const HandshakeClient& handshake() const { return handshake_; }
  [[nodiscard]] const Uplinks& uplinks() const { return uplinks_; }
  [[nodiscard]] const DropCounters& drops() const { return drops_; }
  /// Sessions that have reached ATTACHED, and why the last one ended.
  [[nodiscard]] std::uint64_t sessions() const { return sessions_; }
  [[nodiscard]] Reason last_end() const { return last_end_; }

 private:
  void on_handshake(std::span<std::uint8_t> message, UplinkId uplink, const Endpoint& from,
                    MonoNs now);
  void on_reset(std::span<const std::uint8_t> message, MonoNs now);
  [[nodiscard]] ClientSession* find(ConnectionId client_cid);
  /// Follows up on whatever ended, began or wants a successor.
  void settle(MonoNs now);
  void send_hello(MonoNs now);
  void begin_after(const ClientSession& ended, MonoNs now);
  /// The successor carries the traffic from now on; the one before it drains.
  void succeed(MonoNs now);
  void end_drain(MonoNs now);

  Output& output_;
  AeadSet aeads_;
  Uplinks uplinks_;
  DropCounters drops_;
  World world_;
  HandshakeClient handshake_;
  std::unique_ptr<ClientSession> current_;
  std::unique_ptr<ClientSession> successor_;
  std::unique_ptr<ClientSession> former_;  // superseded: it drains
  bool wanted_{false};
  Duration pause_{};
  std::optional<TunnelSetup> told_;
  std::uint64_t sessions_{0};
  Reason last_end_{Reason::kNone};
};

}  // namespace jumpgate::client
