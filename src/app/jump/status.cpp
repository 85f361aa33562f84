#include "app/jump/status.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace jumpgate::jump {
namespace {

std::string endpoint_text(const Endpoint& endpoint) {
  return endpoint.address.family == IpFamily::kNone ? "" : base::format_endpoint(endpoint);
}

void add_session(nlohmann::json& out, const client::ClientSession& session,
                 const config::ClientConfig& config, MonoNs now) {
  const client::SessionCore& core = session.core();
  out["state"] = to_string(core.record.state());
  out["session_id"] = base::format_session_id(core.record.id());
  out["state_version"] = core.record.state_version();
  out["binding_version"] = core.record.binding_version();
  out["epoch"] = core.current_epoch;
  out["root_generation"] = core.keys.newest().number;
  out["suite"] = to_string(core.suite);
  out["rtt_ms"] = static_cast<double>(core.rtt.smoothed().us()) / 1000.0;
  out["age_ms"] = (now - core.record.created_at()).ms();
  out["last_heard_ms"] = (now - session.last_heard()).ms();
  out["inner_mtu"] = session.inner_mtu();
  if (config.probe_path_mtu) out["path_mtu"] = session.path_mtu().confirmed();
  out["rx_packets"] = core.totals.rx_packets;
  out["rx_bytes"] = core.totals.rx_bytes;
  out["tx_packets"] = core.totals.tx_packets;
  out["tx_bytes"] = core.totals.tx_bytes;
  out["jumps"] = core.jumps;
  out["rekeys"] = session.rekeyer().completed();
  const client::UplinkId uplink = core.current_uplink();
  if (uplink < config.uplinks.size()) out["uplink"] = config.uplinks.at(uplink).name;
}

nlohmann::json uplinks_json(const config::ClientConfig& config, const client::Engine& engine) {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < config.uplinks.size(); ++i) {
    const auto id = static_cast<client::UplinkId>(i);
    list.push_back({{"name", config.uplinks.at(i).name},
                    {"interface", config.uplinks.at(i).interface},
                    {"up", engine.uplinks().up(id)},
                    {"gateway", endpoint_text(engine.uplinks().gateway(id))}});
  }
  return list;
}

nlohmann::json drops_json(const client::Engine& engine) {
  nlohmann::json drops = nlohmann::json::object();
  for (const DropReason reason : kAllDropReasons) {
    if (const std::uint64_t count = engine.drops().count(reason); count != 0)
      drops[std::string(to_string(reason))] = count;
  }
  return drops;
}

}  // namespace

nlohmann::json status_json(const config::ClientConfig& config, const client::Engine& engine,
                           const Host& host, MonoNs now) {
  nlohmann::json out = {{"name", config.name},
                        {"tun", host.tun_name()},
                        {"state", "CONNECTING"},
                        {"session_id", nullptr},
                        {"uplink", nullptr},
                        {"sessions", engine.sessions()},
                        {"last_end", to_string(engine.last_end())},
                        {"hellos", engine.handshake().report().hellos},
                        {"uplinks", uplinks_json(config, engine)},
                        {"drops", drops_json(engine)},
                        {"refused_datagrams", host.refused_datagrams()},
                        {"refused_packets", host.refused_packets()}};
  nlohmann::json addresses = nlohmann::json::array();
  if (const auto& setup = host.setup()) {
    out["mtu"] = setup->mtu;
    for (std::size_t i = 0; i < setup->address_count; ++i)
      addresses.push_back(base::format_prefix(setup->addresses.at(i)));
  }
  out["inner_addresses"] = addresses;
  if (const client::ClientSession* session = engine.session(); session != nullptr) {
    add_session(out, *session, config, now);
    out["endpoint"] = endpoint_text(engine.uplinks().gateway(session->core().current_uplink()));
  }
  return out;
}

bool is_status(const nlohmann::json& answer) {
  const auto has = [&](const char* field, auto type) {
    const auto found = answer.find(field);
    return found != answer.end() && found->type() == type;
  };
  using Type = nlohmann::json::value_t;
  return answer.is_object() && answer.contains("session_id") && has("tun", Type::string) &&
         has("inner_addresses", Type::array) && has("uplinks", Type::array) &&
         has("drops", Type::object);
}

std::string status_text(const nlohmann::json& s) {
  std::string out = fmt::format("{}: {}", s.value("name", ""), s.value("state", ""));
  if (s["session_id"].is_string()) {
    const std::string endpoint = s.value("endpoint", "");
    out += fmt::format(" over {}{}{}, rtt {:.1f} ms\n", s.value("uplink", ""),
                       endpoint.empty() ? ", which is down" : " to ", endpoint,
                       s.value("rtt_ms", 0.0));
    out +=
        fmt::format("  session {}, {}, binding {}, {} jumps, {} rekeys, heard {} ms ago\n",
                    s.value("session_id", ""), s.value("suite", ""), s.value("binding_version", 0),
                    s.value("jumps", 0), s.value("rekeys", 0), s.value("last_heard_ms", 0));
    out += fmt::format("  received {} packets, {} bytes; sent {} packets, {} bytes\n",
                       s.value("rx_packets", 0ULL), s.value("rx_bytes", 0ULL),
                       s.value("tx_packets", 0ULL), s.value("tx_bytes", 0ULL));
  } else {
    out += fmt::format(", {} HELLOs sent\n", s.value("hellos", 0));
  }
  out += fmt::format("  {}:", s.value("tun", ""));
  for (const auto& address : s["inner_addresses"])
    out += " " + address.get<std::string>();
  out += "\n";
  for (const auto& uplink : s["uplinks"]) {
    out += fmt::format("  uplink {} ({}): {}\n", uplink.value("name", ""),
                       uplink.value("interface", ""),
                       uplink.value("up", false) ? "up, " + uplink.value("gateway", "") : "down");
  }
  for (const auto& [name, count] : s["drops"].items())
    out += fmt::format("  dropped {}: {}\n", name, count.get<std::uint64_t>());
  return out;
}

}  // namespace jumpgate::jump
