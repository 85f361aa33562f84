/// A whole gateway in one thread and in simulated time: the real controller and its loop, the real worker and the bus
/// between them, over ports in memory. Only the handshake threads are replaced: their jobs are done at once.
///
///   receive() -> port in memory -> data::Worker <-> bus <-> ctl::ControllerLoop     on_sent, on_event
///
/// Purpose: nothing of the product is modelled here, so what the simulation proves holds of the product. Owner thread:
/// the simulation's. Bound: memory as the product's own, for kMaxClients peers. Failure: what can not be made aborts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "../support/seeded_random.hpp"
#include "audit/event_log.hpp"
#include "crypto/noise_ik.hpp"
#include "ctl/controller.hpp"
#include "record/tape.hpp"
#include "session/policy.hpp"

namespace jumpgate::sim {

class NonceLedger;

struct GatewaySetup {
  session::Policy policy;
  std::vector<PublicKey> peers;  // peer i is named "ci" and has 10.8.(i / 256).(i % 256) + 1 inside
  std::size_t commands{64};      // the worker's command pool
  std::size_t event_ring{4096};
  std::uint64_t seed{1};
  bool drain_events{true};  // false: whoever made the simulation takes them from events()
  record::Sink record{};    // gets a recording of the controller
};

/// Inner address of a client.
IpAddress inner_address(std::size_t client);

class Gateway {
 public:
  Gateway(GatewaySetup setup, NonceLedger& ledger, MonoNs now);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // ---- The world
  /// A datagram reaches the outer port; handled by the next turn().
  void receive(const Endpoint& from, std::span<const std::uint8_t> datagram);
  /// Worker and controller take turns until neither has anything left to do at `now`.
  void turn(MonoNs now);
  /// When turn() has something to do without input.
  [[nodiscard]] MonoNs next_wake() const;

  std::function<void(const Endpoint& to, std::span<const std::uint8_t> datagram)> on_sent;
  std::function<void(const audit::Event& event)> on_event;

  // ---- The operator
  bool terminate(const SessionId& id, MonoNs now);
  /// False: it can not be asked for new keys now.
  bool ask_rekey(const SessionId& id, MonoNs now);
  [[nodiscard]] bool reload(const session::Policy& policy, MonoNs now);
  [[nodiscard]] bool apply_with_grace(const session::Policy& policy, MonoNs now);
  /// Leaves `left` commands in the worker's pool, as if its ring were full; release() gives them back.
  void hold_commands(std::size_t left);
  void release_commands();

  // ---- Looking
  [[nodiscard]] const PublicKey& public_key() const;
  [[nodiscard]] const ctl::Session* find(const SessionId& id);
  [[nodiscard]] ctl::Controller& controller();
  [[nodiscard]] audit::EventLog& events();
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const;
  [[nodiscard]] unsigned packets_in_use() const;
  /// What worker, controller and handshakes have asked of the heap in all turns.
  [[nodiscard]] std::uint64_t allocations() const;

 private:
  struct Parts;
  void collect_frames();
  void collect_events();

  std::unique_ptr<Parts> parts_;
};

}  // namespace jumpgate::sim
