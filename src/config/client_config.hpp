/// The client's configuration: TOML -> validated values, by the same rules as the gateway's.
///
/// Owner thread: the one that loads; immutable afterwards. Bound: limits::kMaxUplinks,
/// kMaxEndpoints, kMaxAllowedIpsPerPeer. Failure: all problems at once. Reaches no DPDK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "config/key_file.hpp"
#include "config/problems.hpp"
#include "net/ecn.hpp"

namespace jumpgate::config {

/// Outer addresses of one gateway: a few a family.
inline constexpr std::size_t kMaxEndpoints = 8;

/// [[uplink]]
struct UplinkConfig {
  std::string name;
  std::string interface;
  std::uint8_t preference{0};  // the lowest is tried first; equal ones in the order of the file
};

struct ClientConfig {
  std::string path;
  std::string name;  // of the tunnel: the file's stem unless set
  SecretKey private_key;
  std::string state_dir{"/var/lib/jumpgate"};
  std::string tun{"jump0"};
  std::uint16_t mtu{0};       // 0: what the gateway says
  bool probe_path_mtu{true};  // false: each path carries an Ethernet's 1500
  net::OuterClass outer_class;
  std::vector<Endpoint>
      endpoints;  // of the gateway, in order of preference; at most one a family is used at a time
  PublicKey gateway_public_key{};
  SecretKey preshared_key;            // zero when none is configured
  std::vector<IpPrefix> allowed_ips;  // routed into the tunnel, and accepted out of it
  std::vector<Suite> suites{Suite::kAes256Gcm, Suite::kChaCha20Poly1305};
  std::vector<UplinkConfig> uplinks;
  std::string control_socket;             // /run/jumpgate/jump-NAME.sock unless set
  std::string events_file;                // [events] file; empty: none
  Duration connect_timeout{seconds(20)};  // `jump up` gives up after it
};

std::expected<ClientConfig, Problems> load_client(const std::string& path);
std::expected<ClientConfig, Problems> parse_client(std::string_view text, const std::string& path);

}  // namespace jumpgate::config
