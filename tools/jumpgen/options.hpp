/// jumpgen's command line, checked whole before anything starts.
///
/// Owner thread: main. Bound: none beyond the ranges it states. Failure: parse() writes to `err`
/// what was found and what is expected, and gives the exit status: 2, or 0 after --help.
#pragma once

#include <cstdint>
#include <expected>
#include <iosfwd>
#include <string>
#include <vector>

#include <jumpgate/types.hpp>

#include "ethdev/port_spec.hpp"
#include "tools/jumpgen/client_plan.hpp"
#include "tools/jumpgen/packet_sizes.hpp"
#include "tools/jumpgen/player.hpp"

namespace jumpgate::jumpgen {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

enum class Command : std::uint8_t { kPeers, kRun, kSearch };

struct EalChoice {
  std::uint32_t cpu{0};
  bool huge{true};
  std::uint32_t memory_mib{0};
  std::string file_prefix;
  std::uint32_t mbufs{16384};
};

struct Options {
  Command command{};
  PlanSpec plan;
  std::string peers_file;  // of `peers`; empty: standard output

  ethdev::PortSpec outer_port;
  ethdev::PortSpec inner_port;
  IpAddress outer_address;  // our own on the outer link: the gateway's way to all clients
  Endpoint gateway;
  PublicKey gateway_key{};
  IpAddress inner_address;  // the server's that we play
  IpAddress inner_gateway;
  Suite suite{Suite::kAes256Gcm};  // the one that every client offers
  std::string size{"imix"};
  PacketSizes sizes{PacketSizes::imix()};
  Load load;
  std::uint64_t open_rate{500};  // handshakes begun a second
  std::uint64_t highest{0};      // of a search, packets a second in each direction
  std::uint64_t step{0};
  std::string json_file;  // empty: none
  EalChoice eal;
};

/// `arguments` without the program's name.
[[nodiscard]] std::expected<Options, int> parse(const std::vector<std::string>& arguments,
                                                std::ostream& out, std::ostream& err);

/// "af_xdp:wan0", "pci:0000:01:00.0", "memif:role=client,id=0,socket=/run/m.sock": driver, then
/// interface where it has one, then its own arguments.
[[nodiscard]] std::expected<ethdev::PortSpec, std::string> parse_port(const std::string& name,
                                                                      const std::string& text);

}  // namespace jumpgate::jumpgen
