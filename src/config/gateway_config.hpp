/// The gateway's configuration: TOML -> validated values. Nothing half-valid leaves load().
///
/// Owner thread: the one that loads; the values are immutable afterwards. Bound:
/// limits::kMaxConfigBytes, kMaxPeers, kMaxPorts. Failure: all problems at once, up to
/// kMaxProblems. Key files are read here; their contents are wiped when the configuration is
/// destroyed (SecretKey).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "config/key_file.hpp"
#include "config/log_level.hpp"
#include "config/problems.hpp"
#include "net/ecn.hpp"
#include "net/filter_rule.hpp"
#include "net/rate_set.hpp"
#include "net/topology.hpp"
#include "session/policy_set.hpp"

namespace jumpgate::config {

enum class PortDriver : std::uint8_t { kAfXdp, kAfPacket, kTap, kMemif, kRing, kNull, kPcap, kPci };
std::string_view to_string(PortDriver driver);

/// What a worker does that finds nothing to do.
enum class IdleMode : std::uint8_t { kAdaptive, kPoll };

/// [[port]]
struct PortConfig {
  std::string name;
  PortDriver driver{PortDriver::kAfXdp};
  std::string interface;  // kernel interface (af_xdp, af_packet, tap), PCI address (pci)
  std::string devargs;    // appended to the driver's own, for experts
  net::PortRole role{net::PortRole::kOuter};
  std::uint16_t mtu{1500};
  std::uint16_t vlan{0};  // IEEE 802.1Q, of all its frames; 0: untagged
  bool force{
      false};  // take the interface although it carries the default route or an SSH connection
  std::vector<IpPrefix> addresses;  // host bits set
  std::vector<IpAddress> gateways;
  bool believes_announcements{false};  // neighbours' new MACs, without asking the known one
  Place place;
};

/// [[route]]
struct RouteConfig {
  IpPrefix prefix;
  std::size_t port{0};  // index into ports
  IpAddress via;
  Place place;
};

/// [[peer]]
struct PeerConfig {
  std::string name;
  PublicKey public_key{};
  SecretKey preshared_key;            // zero when none is configured
  std::vector<IpPrefix> addresses;    // inner addresses told to the client, host bits set
  std::vector<IpPrefix> allowed_ips;  // host bits clear; the addresses when none are configured
  std::vector<Suite> suites;          // empty: the gateway's
  std::optional<std::size_t> filter;  // index into filters; none: its profile's, or [inner]'s
  std::optional<std::size_t> rates;   // index into rates; none: likewise
  std::string profile;                // of the policy; empty: the base
  std::uint64_t quota{0};             // of the rates it goes by, in bytes; 0: none
  std::uint32_t line{0};              // of the table, for messages

  bool operator==(const PeerConfig& other) const;  // `line` apart
};

/// [profiles.NAME] beside its policy: of peers that have the profile and name none of their own.
struct ProfileConfig {
  std::string name;
  std::optional<std::size_t> filter{};
  std::optional<std::size_t> rates{};
  std::optional<net::OuterClass> outer_class{};
  std::optional<bool> client_to_client{};

  bool operator==(const ProfileConfig&) const = default;
};

/// [limits]
struct LimitsConfig {
  std::uint32_t max_sessions{4096};   // in all, over the workers
  std::uint32_t expanded_keys{4096};  // per worker
  std::uint32_t mbufs{16384};         // per process
  std::uint32_t replay_windows{
      0};  // draining ones beside one a session; 0: an eighth of max_sessions
  std::uint32_t command_pool{1024};  // per worker
  std::uint32_t report_ring{4096};   // per worker
  std::uint32_t handshakes_per_second{1000};
  std::uint32_t rx_descriptors{1024};
  std::uint32_t tx_descriptors{1024};
};

/// [eal]
struct EalConfig {
  bool huge{true};
  std::uint32_t memory_mib{1024};  // taken when `huge` is false
  std::string file_prefix;         // empty: --in-memory
  std::vector<std::string> extra;  // appended as they are: the expert's escape
};

/// [events]
struct EventsConfig {
  std::string file{"/var/log/jumpgate/events.jsonl"};  // empty: none
  std::uint64_t max_bytes{std::uint64_t{64} << 20};    // rotated beyond
  std::uint32_t keep{4};                               // rotated files kept
  bool journal{false};                                 // to systemd's journal as well
  std::string socket;                                  // a datagram socket as well; empty: none

  bool operator==(const EventsConfig&) const = default;
};

/// [inner]: what is done to the packets inside the tunnels.
struct InnerConfig {
  bool mss_clamp{true};
  std::optional<std::size_t> filter;  // of peers without one: index into filters
  std::optional<std::size_t> rates;   // likewise: index into rates
  bool client_to_client{true};
  bool probe_path_mtu{true};  // false: each path carries what its port does
  net::OuterClass outer_class;

  bool operator==(const InnerConfig&) const = default;
};

/// [record]
struct RecordConfig {
  std::string file;                                   // empty: nothing is recorded
  std::uint64_t max_bytes{std::uint64_t{256} << 20};  // the recording ends there
  std::uint32_t keep{2};                              // files of earlier starts kept

  bool operator==(const RecordConfig&) const = default;
};

/// [gateway] control_socket, control_group
struct ControlConfig {
  std::string socket{"/run/jumpgate/jumpgated.sock"};
  std::string group;  // besides root; empty: root alone
};

struct GatewayConfig {
  std::string path;
  std::uint8_t node_id{0};
  SecretKey private_key;
  std::string state_dir{"/var/lib/jumpgate"};
  std::uint16_t listen_port{51820};
  std::uint16_t inner_mtu{1400};
  bool outer_reassembly{false};
  std::vector<Suite> suites{Suite::kAes256Gcm, Suite::kChaCha20Poly1305};  // in order of preference
  std::uint32_t workers{1};
  std::vector<std::uint32_t> lcores;  // one a worker, then the controller's; empty: chosen at start
  IdleMode idle{IdleMode::kAdaptive};
  std::uint32_t handshake_threads{1};
  LogLevel log_level{LogLevel::kInfo};
  ControlConfig control;
  EventsConfig events;
  InnerConfig inner;
  RecordConfig record;
  LimitsConfig limits;
  EalConfig eal;
  session::PolicySet policies;  // [policy] and [profiles.NAME]
  std::vector<PortConfig> ports;
  std::vector<RouteConfig> routes;
  std::vector<net::FilterSet> filters;
  std::vector<net::RateSet> rates;      // [rates.NAME]
  std::vector<ProfileConfig> profiles;  // those that have more than a policy
  Problems warnings;                    // valid, but hardly meant
  std::vector<PeerConfig> peers;        // in the order of the file; the index is the peer's
};

/// The place of a peer's filter in `filters`: its own, its profile's, or the one for all;
/// net::kNoFilter.
[[nodiscard]] std::uint16_t filter_of(const PeerConfig& peer, const GatewayConfig& config);
/// Likewise in `rates`; net::kNoRates.
[[nodiscard]] std::uint16_t rates_of(const PeerConfig& peer, const GatewayConfig& config);
/// Its profile's, or the one for all.
[[nodiscard]] net::Treatment treatment_of(const PeerConfig& peer, const GatewayConfig& config);

/// Reads and checks the file and the key files it names.
std::expected<GatewayConfig, Problems> load_gateway(const std::string& path);
/// The same from text, for tests; relative key files are relative to the folder of `path`.
std::expected<GatewayConfig, Problems> parse_gateway(std::string_view text,
                                                     const std::string& path);

}  // namespace jumpgate::config
