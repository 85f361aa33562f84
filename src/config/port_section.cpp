#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"

namespace jumpgate::config {
namespace {

constexpr std::array<std::string_view, 8> kDriverNames{"af_xdp", "af_packet", "tap",  "memif",
                                                       "ring",   "null",      "pcap", "pci"};
constexpr std::array<std::string_view, 2> kRoleNames{"outer", "inner"};
constexpr std::array<std::string_view, 2> kAnnouncementNames{"verify", "believe"};
constexpr std::size_t kMaxPortAddresses = 16;
constexpr std::size_t kMaxRoutes = 1024;
// Jumbo frames; single-segment mbufs hold them.
constexpr std::uint16_t kMaxPortMtu = 9000;
// What a frame of AF_XDP holds with these drivers (docs/decisions/0001-port-driver.md).
constexpr std::uint16_t kMaxXdpMtu = 1500;
// IEEE 802.1Q: 4095 is reserved.
constexpr std::uint16_t kMaxVlan = 4094;

bool needs_interface(PortDriver driver) {
  return driver == PortDriver::kAfXdp || driver == PortDriver::kAfPacket ||
         driver == PortDriver::kTap || driver == PortDriver::kPci;
}

PortConfig read_port(TableReader& table) {
  PortConfig port;
  port.place = table.place();
  for (const char* key : {"name", "driver", "role", "addresses"})
    table.require(key);
  read_name(table, "name", port.name);
  if (const auto driver = table.choice("driver", kDriverNames))
    port.driver = static_cast<PortDriver>(*driver);
  const bool pci = port.driver == PortDriver::kPci;
  if (pci)
    table.string("interface", port.interface, 64);
  else
    read_interface(table, "interface", port.interface);
  if (needs_interface(port.driver) && !table.has("interface"))
    table.problem(
        {}, fmt::format("'interface' is missing in {}", table.name()),
        pci ? "expected a PCI address, e.g. \"0000:01:00.0\"" : "expected a kernel interface");
  table.string("devargs", port.devargs);
  if (const auto role = table.choice("role", kRoleNames))
    port.role = *role == 0 ? net::PortRole::kOuter : net::PortRole::kInner;
  const bool xdp = port.driver == PortDriver::kAfXdp;
  table.integer("mtu", port.mtu, std::uint16_t{limits::kMinPathMtu}, kMaxPortMtu);
  if (xdp && port.mtu > kMaxXdpMtu)
    table.problem("mtu", fmt::format("driver af_xdp carries an mtu of {} at most", kMaxXdpMtu),
                  "expected that, or driver = \"af_packet\"");
  table.integer("vlan", port.vlan, std::uint16_t{0}, kMaxVlan);
  table.boolean("force", port.force);
  if (const auto choice = table.choice("announcements", kAnnouncementNames))
    port.believes_announcements = *choice == 1;
  read_addresses(table, "addresses", port.addresses, kMaxPortAddresses);
  table.each_string(
      "gateways", 2, [&](const std::string& text) -> std::expected<void, std::string> {
        const auto address = base::parse_ip(text);
        if (!address) return std::unexpected(address.error());
        const bool taken = std::ranges::any_of(
            port.gateways, [&](const IpAddress& g) { return g.family == address->family; });
        if (taken) return std::unexpected(std::string("expected one gateway a family"));
        port.gateways.push_back(*address);
        return {};
      });
  table.finish();
  return port;
}

}  // namespace

std::string_view to_string(PortDriver driver) {
  return kDriverNames[static_cast<std::size_t>(driver)];
}

void read_ports(TableReader& root, GatewayConfig& config) {
  root.require("port");
  for (TableReader& table : root.tables("port", limits::kMaxPorts))
    config.ports.push_back(read_port(table));
}

void read_routes(TableReader& root, GatewayConfig& config) {
  for (TableReader& table : root.tables("route", kMaxRoutes)) {
    RouteConfig route;
    route.place = table.place();
    for (const char* key : {"prefix", "port", "via"})
      table.require(key);
    table.text("prefix", [&](const std::string& text) -> std::expected<void, std::string> {
      const auto prefix = base::parse_prefix(text);
      if (!prefix) return std::unexpected(prefix.error());
      route.prefix = *prefix;
      return {};
    });
    table.text("port", [&](const std::string& text) -> std::expected<void, std::string> {
      const auto port = std::ranges::find(config.ports, text, &PortConfig::name);
      if (port == config.ports.end())
        return std::unexpected(fmt::format("'{}' found, expected the name of a [[port]]", text));
      route.port = static_cast<std::size_t>(port - config.ports.begin());
      return {};
    });
    read_address(table, "via", route.via);
    table.finish();
    config.routes.push_back(std::move(route));
  }
}

}  // namespace jumpgate::config
