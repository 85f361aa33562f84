/// The paths between clients and gateway: for each client three uplinks, each behind a NAT of its own, each direction
/// with the faults of drivers/link_faulty.
///
///   client c -- uplink u -- NAT 10.(20+u).c:port -- loss, delay, reorder, duplication, partition -- 192.0.2.1:51820
///
/// Owner thread: the simulation's; time is passed in. Bound: what is in flight. Failure: a packet is lost, as on any
/// network.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "client/uplinks.hpp"
#include "link_faulty/fault_model.hpp"

namespace jumpgate::sim {

using Bytes = std::vector<std::uint8_t>;
inline constexpr std::size_t kUplinks = 3;
inline constexpr std::uint16_t kListenPort = 51820;

enum class Way : std::uint8_t { kUp, kDown };  // towards the gateway, towards the client

Endpoint gateway_endpoint();

struct Arrival {
  Way way{};
  std::size_t client{0};  // kDown
  std::uint8_t uplink{0};
  Endpoint from;  // as the receiver sees it
  Bytes bytes;
};

/// Somebody on the path of an uplink who copies each packet to the gateway under an address of its own, ahead of the
/// original, and may carry the gateway's answers back.
struct Relay {
  Endpoint address;
  bool passes_originals{true};
  bool carries_answers{true};
};

class Network {
 public:
  Network(std::size_t clients, std::uint64_t seed);

  // ---- Traffic
  void from_client(std::size_t client, std::uint8_t uplink, std::span<const std::uint8_t> bytes,
                   MonoNs now);
  void from_gateway(const Endpoint& to, std::span<const std::uint8_t> bytes, MonoNs now);
  /// Something that an attacker puts into the network, delivered at `at` whatever the links are.
  void inject(MonoNs at, Arrival arrival);
  [[nodiscard]] MonoNs next_due() const;
  /// The next packet that is due at `now`.
  [[nodiscard]] std::optional<Arrival> take(MonoNs now);

  // ---- The world
  void set_faults(std::size_t client, std::uint8_t uplink, Way way,
                  const link_faulty::FaultSettings& faults, MonoNs now);
  /// A closed way swallows everything, silently.
  void set_open(std::size_t client, std::uint8_t uplink, Way way, bool open, MonoNs now);
  /// The link itself; the client is told of it elsewhere.
  void set_up(std::size_t client, std::uint8_t uplink, bool up, MonoNs now);
  /// The NAT forgets: another port from now on, nothing reaches the former one.
  void rebind(std::size_t client, std::uint8_t uplink);
  /// The uplink gets another address of its own, which its host can see.
  void readdress(std::size_t client, std::uint8_t uplink);
  void set_relay(std::size_t client, std::uint8_t uplink, const std::optional<Relay>& relay);
  /// None of the client's HELLOs passes until then: it can make no session.
  void stop_hellos(std::size_t client, MonoNs until) { no_hello_until_.at(client) = until; }
  void heal(MonoNs now);

  /// What the client's host knows of an uplink.
  [[nodiscard]] client::UplinkStatus status(std::size_t client, std::uint8_t uplink) const;
  [[nodiscard]] Endpoint outside(std::size_t client, std::uint8_t uplink) const;
  /// How long the client's best uplink has now been good for a jump without a break: up, both ways open, loss at most
  /// kGoodLoss, delay at most kGoodDelay.
  [[nodiscard]] Duration good_for(std::size_t client, MonoNs now) const;

  static constexpr double kGoodLoss = 0.10;
  static constexpr Duration kGoodDelay = milliseconds(200);

 private:
  struct Direction {
    link_faulty::FaultModel faults;
    bool open{true};
  };
  struct Link {
    std::array<Direction, 2> ways;
    bool up{true};
    std::uint16_t port{4000};
    std::uint64_t addresses{1};
    MonoNs good_since{};  // kNever: it is not good
    std::optional<Relay> relay{};
  };
  struct Key {
    MonoNs at;
    std::uint64_t order;
    auto operator<=>(const Key&) const = default;
  };

  [[nodiscard]] Link& link(std::size_t client, std::uint8_t uplink) {
    return links_.at(client * kUplinks + uplink);
  }
  [[nodiscard]] const Link& link(std::size_t client, std::uint8_t uplink) const {
    return links_.at(client * kUplinks + uplink);
  }
  void send(Link& over, Way way, Arrival arrival, MonoNs now);
  /// Whose uplink an address is, the NAT's or a relay's; nobody's when the mapping is forgotten.
  struct Place {
    std::size_t client;
    std::uint8_t uplink;
  };
  [[nodiscard]] std::optional<Place> place_of(const Endpoint& address) const;
  static void judge(Link& changed, MonoNs now);

  std::vector<Link> links_;
  std::vector<MonoNs> no_hello_until_;  // by client
  std::map<Key, Arrival> flying_;
  std::uint64_t order_{0};
};

/// A clean path: 20 ms each way.
link_faulty::FaultSettings clean_path();

}  // namespace jumpgate::sim
