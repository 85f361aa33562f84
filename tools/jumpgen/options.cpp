#include "tools/jumpgen/options.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.hpp"

namespace jumpgate::jumpgen {
namespace {

struct Texts {
  std::string outer_net{"198.18.0.0/15"};  // RFC 2544's own, for tests like this one
  std::string inner_net{"10.64.0.0/10"};
  std::string outer_port, inner_port;
  std::string outer_address, inner_address, inner_gateway;
  std::string gateway, gateway_key;
  std::string suite{to_string(Suite::kAes256Gcm)};
  std::string direction{"both"};
  double seconds{10};
};

/// A packet each 10 ns: above what one core can make.
constexpr std::uint64_t kHighestRate = 100'000'000;

constexpr std::array<std::pair<std::string_view, ethdev::Driver>, 8> kDrivers{{
    {"af_xdp", ethdev::Driver::kAfXdp},
    {"af_packet", ethdev::Driver::kAfPacket},
    {"tap", ethdev::Driver::kTap},
    {"memif", ethdev::Driver::kMemif},
    {"ring", ethdev::Driver::kRing},
    {"null", ethdev::Driver::kNull},
    {"pcap", ethdev::Driver::kPcap},
    {"pci", ethdev::Driver::kPci},
}};

bool has_interface(ethdev::Driver driver) {
  return ethdev::on_kernel_interface(driver) || driver == ethdev::Driver::kPci;
}

/// Takes a parsed value, or makes the option's name part of the refusal.
template <class T>
T taken(const char* option, std::expected<T, std::string> parsed) {
  if (!parsed) throw CLI::ValidationError(option, parsed.error());
  return std::move(*parsed);
}

IpAddress v4(const char* option, const std::string& text) {
  const IpAddress address = taken(option, base::parse_ip(text));
  if (address.family != IpFamily::kV4)
    throw CLI::ValidationError(option, fmt::format("'{}' found, expected an IPv4 address", text));
  return address;
}

void add_plan(CLI::App& command, Options& options, Texts& texts) {
  command.add_option("--count", options.plan.count, "clients to play")
      ->required()
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{limits::kMaxPeers}));
  command.add_option("--seed", options.plan.seed, "what the clients' keys are made from")
      ->default_val("jumpgen");
  command.add_option("--outer-net", texts.outer_net, "the clients' outer addresses")
      ->capture_default_str();
  command.add_option("--inner-net", texts.inner_net, "their addresses inside the tunnel")
      ->capture_default_str();
}

void add_sides(CLI::App& command, Texts& texts) {
  command.add_option("--gateway", texts.gateway, "the gateway's outer ADDRESS:PORT")->required();
  command.add_option("--gateway-key", texts.gateway_key, "its public key")->required();
  command
      .add_option("--outer-port", texts.outer_port,
                  "DRIVER:INTERFACE[,ARGS] or DRIVER:ARGS on the gateway's outer link")
      ->required();
  command
      .add_option("--outer-address", texts.outer_address,
                  "our address there: a gateways entry of the gateway's outer port")
      ->required();
  command.add_option("--inner-port", texts.inner_port, "the same on its inner link")->required();
  command.add_option("--inner-address", texts.inner_address, "the server we play there")
      ->required();
  command.add_option("--inner-gateway", texts.inner_gateway, "the gateway's own address there")
      ->required();
}

void add_load(CLI::App& command, Options& options, Texts& texts) {
  command.add_option("--suite", texts.suite, "the suite every client offers")
      ->capture_default_str()
      ->check(CLI::IsMember({std::string(to_string(Suite::kAes256Gcm)),
                             std::string(to_string(Suite::kChaCha20Poly1305))}));
  command.add_option("--size", options.size, "bytes of an inner packet, or imix")
      ->capture_default_str();
  command.add_option("--direction", texts.direction, "up, down or both")
      ->capture_default_str()
      ->check(CLI::IsMember({"up", "down", "both"}));
  command.add_option("--train", options.load.train, "packets of one client in a row")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{limits::kBurst}));
  command.add_option("--duration", texts.seconds, "seconds of one trial")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  command.add_option("--open-rate", options.open_rate, "handshakes begun a second")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000}));
  command
      .add_option("--jumps", options.load.jumps_per_second,
                  "jumps a second, over all sessions; the gateway's policy bounds each")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000}));
  command.add_option("--json", options.json_file, "write the result there too");
}

void add_eal(CLI::App& command, EalChoice& eal) {
  command.add_option("--cpu", eal.cpu, "where to run")->capture_default_str();
  command.add_flag("--no-huge{false}", eal.huge, "no hugepages");
  command.add_option("--memory", eal.memory_mib, "MiB to take; 0: as needed");
  command.add_option("--file-prefix", eal.file_prefix, "of EAL; memif needs one");
  command.add_option("--mbufs", eal.mbufs, "packet buffers")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{4096}, std::uint32_t{1} << 22U));
}

void read_sides(Options& options, const Texts& texts) {
  options.gateway = taken("--gateway", base::parse_endpoint(texts.gateway));
  if (options.gateway.address.family != IpFamily::kV4)
    throw CLI::ValidationError("--gateway", "expected an IPv4 address and a port");
  options.gateway_key = taken("--gateway-key", base::parse_key(texts.gateway_key)).get();
  options.outer_port = taken("--outer-port", parse_port("outer", texts.outer_port));
  options.inner_port = taken("--inner-port", parse_port("inner", texts.inner_port));
  options.outer_address = v4("--outer-address", texts.outer_address);
  options.inner_address = v4("--inner-address", texts.inner_address);
  options.inner_gateway = v4("--inner-gateway", texts.inner_gateway);
  options.sizes = taken("--size", PacketSizes::parse(options.size));
  if (texts.suite == to_string(Suite::kChaCha20Poly1305)) options.suite = Suite::kChaCha20Poly1305;
  options.load.up = texts.direction != "down";
  options.load.down = texts.direction != "up";
  options.load.duration = {static_cast<std::int64_t>(texts.seconds * 1e9)};
  if (options.eal.file_prefix.empty() && (options.outer_port.driver == ethdev::Driver::kMemif ||
                                          options.inner_port.driver == ethdev::Driver::kMemif))
    options.eal.file_prefix = "jumpgen";
}

void read_plan(Options& options, const Texts& texts) {
  options.plan.outer = taken("--outer-net", base::parse_prefix(texts.outer_net));
  options.plan.inner = taken("--inner-net", base::parse_prefix(texts.inner_net));
  (void)taken("--count", ClientPlan::make(options.plan));
}

}  // namespace

std::expected<ethdev::PortSpec, std::string> parse_port(const std::string& name,
                                                        const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string_view driver = std::string_view(text).substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  for (const auto& [known, value] : kDrivers) {
    if (driver != known) continue;
    ethdev::PortSpec spec{.name = name, .driver = value, .interface = {}, .devargs = {}};
    if (!has_interface(value)) {
      spec.devargs = rest;
      return spec;
    }
    const std::size_t comma = rest.find(',');
    spec.interface = rest.substr(0, comma);
    if (comma != std::string::npos) spec.devargs = rest.substr(comma + 1);
    if (spec.interface.empty())
      return std::unexpected(
          fmt::format("'{}' names no interface; expected {}:INTERFACE", text, known));
    return spec;
  }
  return std::unexpected(fmt::format(
      "'{}' found, expected a driver (af_xdp, af_packet, tap, memif, ring, null, pcap or pci) and "
      "what it opens, e.g. af_xdp:eth1",
      text));
}

std::expected<Options, int> parse(const std::vector<std::string>& arguments, std::ostream& out,
                                  std::ostream& err) {
  CLI::App app{"Plays many clients against a jumpgate gateway and measures it.", "jumpgen"};
  Options options;
  Texts texts;
  app.require_subcommand(1);
  app.set_version_flag("--version", JUMPGATE_VERSION);
  CLI::App* peers =
      app.add_subcommand("peers", "the [[peer]] tables of the gateway's configuration");
  CLI::App* run = app.add_subcommand("run", "sessions, traffic and jumps at a rate");
  CLI::App* search = app.add_subcommand("search", "the highest rate at which nothing is lost");
  add_plan(*peers, options, texts);
  peers->add_option("--config", options.peers_file, "write them there; else to standard output");
  for (CLI::App* command : {run, search}) {
    add_plan(*command, options, texts);
    add_sides(*command, texts);
    add_load(*command, options, texts);
    add_eal(*command, options.eal);
  }
  run->add_option("--rate", options.load.rate,
                  "packets a second in each direction; 0: as many as the port takes")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{0}, kHighestRate));
  search->add_option("--highest", options.highest, "packets a second, the first trial's rate")
      ->required()
      ->check(CLI::Range(std::uint64_t{100}, kHighestRate));
  search->add_option("--step", options.step, "stop within so many; absent: 1 % of the highest");
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    read_plan(options, texts);
    if (peers->parsed()) {
      options.command = Command::kPeers;
      return options;
    }
    read_sides(options, texts);
  } catch (const CLI::ParseError& fault) {
    return std::unexpected(app.exit(fault, out, err) == 0 ? kDone : kUsage);
  }
  options.command = run->parsed() ? Command::kRun : Command::kSearch;
  if (options.step == 0) options.step = std::max<std::uint64_t>(options.highest / 100, 1);
  return options;
}

}  // namespace jumpgate::jumpgen
