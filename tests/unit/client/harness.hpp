/// Client and scripted gateway over three uplinks in simulated time: wifi (20 ms each way), cell
/// (60 ms each way) and, when a test sets it up, wire (10 ms each way).
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "aead_sodium/aead_sodium.hpp"
#include "base/bytes.hpp"
#include "client/engine.hpp"
#include "net/checksum.hpp"
#include "scripted_gateway.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::client::testing {

inline constexpr UplinkId kWifi = 0;
inline constexpr UplinkId kCell = 1;
inline constexpr UplinkId kWire = 2;

inline Endpoint v4(std::uint8_t a, std::uint8_t b, std::uint16_t port) {
  return {.address = {.family = IpFamily::kV4, .bytes = {10, a, 0, b}}, .port = port};
}

class MemoryCounters final : public CounterStore {
 public:
  std::uint64_t last() override { return value; }
  bool write(std::uint64_t counter) override {
    if (broken) return false;
    value = counter;
    return true;
  }
  std::uint64_t value{0};
  bool broken{false};
};

/// An inner IPv4 packet that carries a number.
inline Message inner_packet(std::uint32_t number) {
  Message p(64);
  p[0] = 0x45;
  p[3] = 64;
  base::store_be16(&p[10], net::internet_checksum(std::span(p).first(20)));
  std::memcpy(&p[20], &number, sizeof number);
  return p;
}
inline std::uint32_t number_of(std::span<const std::uint8_t> p) {
  std::uint32_t number = 0;
  std::memcpy(&number, &p[20], sizeof number);
  return number;
}

/// The states of one jump that succeeds.
inline const std::vector<State> kOneJump{State::kAttached, State::kVolatile, State::kRecovering,
                                         State::kAttached};

class Harness : public Output {
 public:
  explicit Harness(std::uint64_t first_counter = 0, bool probe_path_mtu = false) : random_(7) {
    counters.value = first_counter;
    crypto::KeyPair client = crypto::KeyPair::generate(random_);
    gateway = std::make_unique<ScriptedGateway>(
        client.public_key,
        [this](const Endpoint& to, const Message& message) { from_gateway(to, message); });
    gcm_ = aead_sodium::make_aead(Suite::kAes256Gcm);
    chacha_ = aead_sodium::make_aead(Suite::kChaCha20Poly1305);
    EngineConfig config;
    config.identity.own = std::move(client);
    config.identity.gateway = gateway->public_key();
    config.identity.suites = {Suite::kChaCha20Poly1305};
    config.probe_path_mtu = probe_path_mtu;
    config.uplinks = {{.name = "wifi", .preference = 0},
                      {.name = "cell", .preference = 1},
                      {.name = "wire", .preference = 2}};
    engine = std::make_unique<Engine>(
        std::move(config),
        EngineDeps{.output = *this,
                   .counters = counters,
                   .random = random_,
                   .aeads = {.aes256_gcm = gcm_.get(), .chacha20_poly1305 = chacha_.get()}});
  }

  /// However a test ends: each KeyInstalled has one KeyExpired at most, each ReattachAttempt one
  /// ReattachResult at most, both after it; a session that ended owes no KeyExpired.
  ~Harness() override {
    std::map<std::pair<SessionId, std::uint64_t>, std::uint32_t> installed;
    bool attempt_open = false;
    for (const audit::Event& e : events) {
      if (const auto* key = std::get_if<audit::KeyDetail>(&e.detail)) {
        const std::pair epoch{e.session, key->epoch};
        if (e.type == EventType::kKeyInstalled) {
          EXPECT_TRUE(installed.emplace(epoch, key->generation).second) << "installed twice";
        } else if (e.type == EventType::kKeyExpired) {
          const auto found = installed.find(epoch);
          if (found == installed.end()) {
            ADD_FAILURE() << "epoch " << key->epoch << " ended, never installed";
            continue;
          }
          EXPECT_EQ(found->second, key->generation);
          installed.erase(found);
        }
      }
      if (e.type == EventType::kSessionTerminated) attempt_open = false;
      if (e.type == EventType::kReattachAttempt) {
        EXPECT_FALSE(std::exchange(attempt_open, true)) << "the attempt before has no result";
      } else if (e.type == EventType::kReattachResult) {
        EXPECT_TRUE(std::exchange(attempt_open, false)) << "a result without an attempt";
      }
    }
    const SessionId current =
        engine->attached() ? engine->session()->core().record.id() : SessionId{};
    for (const auto& [epoch, generation] : installed)
      EXPECT_EQ(epoch.first, current) << "epoch " << epoch.second << " never ended";
  }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  // ---- Driving
  void up(UplinkId uplink, bool is_up = true) {
    engine->on_uplink(uplink, {.up = is_up, .gateway = gateway_at, .addresses = 1}, now);
  }
  void start() {
    up(kWifi);
    up(kCell);
    engine->start(now);
  }
  /// Start, and go on until ATTACHED.
  void attach() {
    start();
    run_until([this] { return engine->attached(); }, seconds(10));
    ASSERT_TRUE(engine->attached());
  }
  void run(Duration time) {
    const MonoNs end = now + time;
    while (step(end)) {
    }
    now = end;
  }
  /// False when the condition did not come true in time.
  bool run_until(const std::function<bool()>& condition, Duration limit) {
    const MonoNs end = now + limit;
    while (!condition()) {
      if (!step(end)) return condition();
    }
    return true;
  }
  /// The clock leaps without anything being handled, as in suspend; packets under way are gone.
  void leap(Duration time) {
    flying_.clear();
    now = now + time;
  }
  void send_inner(std::uint32_t number) {
    std::array<std::uint8_t, 256> room{};
    const Message packet = inner_packet(number);
    std::copy(packet.begin(), packet.end(), room.begin() + 64);
    const std::span<std::uint8_t> span(room.data() + 64, packet.size());
    engine->on_inner({&span, 1}, now);
  }
  /// One packet each way every `gap` for `time`.
  void stream(Duration time, Duration gap) {
    const MonoNs end = now + time;
    while (now < end) {
      send_inner(next_up_++);
      if (gateway->attached()) gateway->send_data(inner_packet(next_down_++));
      run(gap);
    }
  }

  /// What the gateway said last of this type, once more and from `from`.
  void replay(wire::Type type, UplinkId over, const Endpoint& from) {
    const auto said = std::ranges::find_if(
        gateway_said.rbegin(), gateway_said.rend(),
        [type](const Message& m) { return static_cast<wire::Type>(m[0]) == type; });
    ASSERT_NE(said, gateway_said.rend());
    Message copy = *said;
    const RxDatagram datagram{.bytes = copy, .from = from};
    engine->on_datagrams(over, {&datagram, 1}, now);
  }

  // ---- Asking
  [[nodiscard]] State state() const { return engine->session()->state(); }
  [[nodiscard]] UplinkId uplink() const { return engine->session()->core().current_uplink(); }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return engine->drops().count(reason);
  }
  [[nodiscard]] std::vector<State> states() const {
    std::vector<State> list;
    for (const audit::Event& e : events) {
      if (const auto* change = std::get_if<audit::StateChangeDetail>(&e.detail))
        list.push_back(change->now);
    }
    return list;
  }
  [[nodiscard]] unsigned count(EventType type) const {
    return static_cast<unsigned>(
        std::ranges::count_if(events, [type](const audit::Event& e) { return e.type == type; }));
  }
  /// The uplinks of all attempts, in their order.
  [[nodiscard]] std::vector<std::string> attempts() const {
    std::vector<std::string> list;
    for (const audit::Event& e : events) {
      if (e.type == EventType::kReattachAttempt) list.emplace_back(e.peer.view());
    }
    return list;
  }
  [[nodiscard]] const audit::Event* last(EventType type) const {
    for (auto e = events.rbegin(); e != events.rend(); ++e) {
      if (e->type == type) return &*e;
    }
    return nullptr;
  }
  /// Numbers of what the gateway received, and of what the client delivered: each once, in any order.
  [[nodiscard]] bool all_up_once() const {
    std::set<std::uint32_t> seen;
    for (const Message& m : gateway->received)
      seen.insert(number_of(m));
    return seen.size() == gateway->received.size() && seen.size() == next_up_;
  }
  [[nodiscard]] bool all_down_once() const {
    return std::set<std::uint32_t>(delivered.begin(), delivered.end()).size() == delivered.size() &&
           delivered.size() == next_down_;
  }
  Endpoint client_at(UplinkId uplink) const {
    return v4(uplink, 2, static_cast<std::uint16_t>(4000 + port_shift.at(uplink)));
  }

  // ---- Output
  void send(UplinkId uplink, std::span<const TxDatagram> datagrams) override {
    for (const TxDatagram& d : datagrams) {
      ++sent_over.at(uplink);
      const auto type = static_cast<wire::Type>(d.bytes[0]);
      if (dead.at(uplink) || (lose_outgoing && lose_outgoing(type))) continue;
      if (lose_over && lose_over(uplink, type)) continue;
      if (d.bytes.size() > largest.at(uplink)) continue;
      flying_.emplace(now + delay.at(uplink), Packet{.to_gateway = true,
                                                     .uplink = uplink,
                                                     .from = client_at(uplink),
                                                     .bytes = {d.bytes.begin(), d.bytes.end()}});
    }
  }
  void deliver(std::span<const std::span<std::uint8_t>> inner) override {
    for (const auto& p : inner)
      delivered.push_back(number_of(p));
  }
  void event(const audit::Event& e) override { events.push_back(e); }
  void inner_mtu(std::uint16_t mtu) override { inner_mtus.push_back(mtu); }
  void tunnel_ready(const TunnelSetup& s) override {
    setup = s;
    ++setups;
  }

  MonoNs now{1'000'000'000'000};
  MemoryCounters counters;
  std::unique_ptr<ScriptedGateway> gateway;
  std::unique_ptr<Engine> engine;
  Endpoint gateway_at{v4(99, 1, 51820)};
  std::array<Duration, 3> delay{milliseconds(20), milliseconds(60), milliseconds(10)};
  std::array<bool, 3> dead{};
  std::array<std::size_t, 3> largest{1472, 1472, 1472};  // datagram that an uplink carries
  std::vector<std::uint16_t> inner_mtus;                 // as they were told
  std::array<unsigned, 3> port_shift{};
  std::array<unsigned, 3> sent_over{};
  std::function<bool(wire::Type)> lose_outgoing;
  std::function<bool(UplinkId, wire::Type)> lose_over;
  std::vector<std::uint32_t> delivered;
  std::vector<audit::Event> events;
  std::optional<TunnelSetup> setup;
  unsigned setups{0};
  /// Everything the gateway sent, for replays.
  std::vector<Message> gateway_said;

 private:
  struct Packet {
    bool to_gateway{false};
    UplinkId uplink{0};
    Endpoint from;
    Message bytes;
  };

  void from_gateway(const Endpoint& to, const Message& message) {
    gateway_said.push_back(message);
    const UplinkId uplink = to.address.bytes[1];
    if (uplink >= dead.size() || dead.at(uplink) || to != client_at(uplink)) return;
    flying_.emplace(
        now + delay.at(uplink),
        Packet{.to_gateway = false, .uplink = uplink, .from = gateway_at, .bytes = message});
  }

  bool step(MonoNs end) {
    MonoNs next = std::min(engine->next_deadline(), gateway->next_deadline());
    if (!flying_.empty()) next = std::min(next, flying_.begin()->first);
    if (next > end) return false;
    now = std::max(now, next);
    if (!flying_.empty() && flying_.begin()->first <= now) {
      Packet packet = std::move(flying_.begin()->second);
      flying_.erase(flying_.begin());
      if (packet.to_gateway) {
        gateway->on_datagram(packet.from, std::move(packet.bytes), now);
      } else {
        const RxDatagram datagram{.bytes = packet.bytes, .from = packet.from};
        engine->on_datagrams(packet.uplink, {&datagram, 1}, now);
      }
      return true;
    }
    gateway->tick(now);
    if (engine->next_deadline() <= now) engine->tick(now);
    // A deadline that a tick leaves in place would spin the real loop.
    if (++idle_ticks_ > 10000 && now == last_tick_) ADD_FAILURE() << "the engine spins";
    if (now != last_tick_) idle_ticks_ = 0;
    last_tick_ = now;
    return idle_ticks_ <= 10000;
  }

  test::SeededRandom random_;
  std::unique_ptr<Aead> gcm_;
  std::unique_ptr<Aead> chacha_;
  std::multimap<MonoNs, Packet> flying_;
  std::uint32_t next_up_{0};
  std::uint32_t next_down_{0};
  unsigned idle_ticks_{0};
  MonoNs last_tick_{};
};

/// Loses the first `n` messages of a type.
inline std::function<bool(wire::Type)> lose_first(wire::Type type, unsigned n) {
  return [type, left = n](wire::Type t) mutable { return t == type && left > 0 && left-- > 0; };
}

inline wire::Refusal refusal_of(Reason reason, std::uint32_t retry_after_ms = 0) {
  wire::Refusal refusal;
  refusal.reason = reason;
  refusal.retry_after_ms = retry_after_ms;
  return refusal;
}

}  // namespace jumpgate::client::testing
