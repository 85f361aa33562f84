/// One client of the simulation: the real client::Engine over simulated uplinks, with a clock of its own.
///
/// Purpose: what src/app/jump does around the engine, without Linux: bytes in and out, the counter on "disk", suspend
/// and restart. Owner thread: the simulation's. Bound: as the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "../support/seeded_random.hpp"
#include "client/engine.hpp"
#include "network.hpp"
#include "nonce_ledger.hpp"
#include "timeline.hpp"

namespace jumpgate::sim {

/// The part of a client that its restart does not lose.
class CounterOnDisk final : public client::CounterStore {
 public:
  std::uint64_t last() override { return value_; }
  bool write(std::uint64_t counter) override {
    value_ = counter;
    return true;
  }

 private:
  std::uint64_t value_{0};
};

/// An inner packet from one client to another that carries its number.
struct Numbered {
  std::size_t from{0};
  std::uint32_t number{0};
};

class Gateway;

class Client final : public client::Output {
 public:
  struct Drivers {
    RecordingAead& gcm;
    RecordingAead& chacha;
  };
  Client(std::size_t index, crypto::KeyPair key, Drivers drivers, std::uint64_t seed,
         Findings& findings);

  /// Where the client's packets go, what its session's end was.
  std::function<void(std::uint8_t uplink, std::span<const std::uint8_t>)> on_sent;
  std::function<void(const audit::Event&)> on_event;
  std::function<void(const Numbered&)> on_delivered;

  [[nodiscard]] const PublicKey& public_key() const { return key_.public_key; }
  /// A new process: nothing is kept but key and counter. Times are the simulation's.
  void boot(const PublicKey& gateway, const Network& network, MonoNs now);
  void receive(const Arrival& arrival, MonoNs now);
  void tick(MonoNs now);
  /// Tells the engine how its uplinks are, unless it is asleep: then when it wakes up.
  void look_at_uplinks(const Network& network, MonoNs now);
  void path_error(std::uint8_t uplink, MonoNs now);
  bool move_to(std::uint8_t uplink, MonoNs now);
  /// One numbered inner packet for another client.
  void send_inner(std::size_t to, MonoNs now);
  /// Asleep nothing is received and no timer runs, but time passes.
  void suspend(MonoNs until);
  /// What its record and its stream of events say at any time, of each other and beside the gateway's record.
  void check(Gateway& gateway, MonoNs now);
  /// True once after each sleep.
  [[nodiscard]] bool wakes_up(MonoNs now);

  [[nodiscard]] MonoNs next_deadline() const { return sleeping_ ? asleep_until_ : deadline_; }
  [[nodiscard]] bool asleep(MonoNs now) const { return now < asleep_until_; }
  /// Since when it has been running without a break.
  [[nodiscard]] MonoNs awake_since() const { return std::max(booted_at_, asleep_until_); }
  [[nodiscard]] const client::Engine& engine() const { return *engine_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }
  [[nodiscard]] std::uint32_t sent() const { return next_number_; }

  /// The client's own clock: hours away from the gateway's.
  [[nodiscard]] MonoNs own(MonoNs now) const {
    return now + seconds(3600 * static_cast<std::int64_t>(index_ + 1));
  }

  // ---- client::Output
  void send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) override;
  void deliver(std::span<const std::span<std::uint8_t>> inner) override;
  void event(const audit::Event& event) override;
  void tunnel_ready(const client::TunnelSetup& /*setup*/) override {}

 private:
  void settle();

  std::size_t index_;
  crypto::KeyPair key_;
  Drivers drivers_;
  test::SeededRandom random_;
  CounterOnDisk counter_;
  Findings& findings_;
  Timeline timeline_;
  std::unique_ptr<client::Engine> engine_;
  MonoNs deadline_{kNever};
  MonoNs booted_at_{};
  MonoNs asleep_until_{};
  bool sleeping_{false};
  std::uint32_t next_number_{0};
};

}  // namespace jumpgate::sim
