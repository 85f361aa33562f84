// The path MTU of a session's binding: probes, and what follows for inner packets (spec/path-mtu.md).
#include <algorithm>
#include <utility>

#include "client/client_session.hpp"
#include "net/frames.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::client {
namespace {

/// No interface of ours is asked for its MTU: a probe that is too large for it is refused at once,
/// and so lost.
constexpr std::uint16_t kEthernetMtu = 1500;

std::size_t headers_to(const Endpoint& gateway) {
  return net::ip_header_size(gateway.address.family) + net::kUdpSize;
}

}  // namespace

void ClientSession::restart_path_mtu(MonoNs now) {
  if (!core_.world.probe_path_mtu) return;
  path_mtu_.restart(kEthernetMtu, now);
  use_path_mtu();
}

void ClientSession::use_path_mtu() {
  const std::size_t overhead = headers_to(core_.route().gateway) + wire::kTrafficOverhead;
  const auto inner = [&](std::uint16_t mtu) {
    return std::min(core_.setup.mtu, static_cast<std::uint16_t>(mtu - overhead));
  };
  const std::uint16_t mtu = inner(path_mtu_.told());
  inner_path_.set_mtu(inner(path_mtu_.confirmed()), mtu);
  // The session before may have said another: the first word of each counts.
  if (std::exchange(told_mtu_, mtu) != mtu) core_.world.output.inner_mtu(mtu);
}

void ClientSession::run_path_probe(MonoNs now) {
  // Between a challenge and its commit packets go elsewhere, and what they show is of no path yet.
  if (core_.over() || core_.sending() != core_.current()) return;
  const std::uint16_t before = path_mtu_.told();
  if (const auto size = path_mtu_.poll(now, busy_until())) {
    const wire::Heartbeat probe = liveness_.make_path_probe(now);
    const std::size_t headers = headers_to(core_.route().gateway);
    send_padded_heartbeat(probe, *size - headers - wire::kTrafficOverhead);
    path_mtu_.sent(*size, probe.send_time_us, core_.rtt.smoothed(), now);
  }
  if (path_mtu_.told() != before) use_path_mtu();
}

void ClientSession::on_path_mtu_hint(UplinkId uplink, std::uint32_t mtu, MonoNs now) {
  if (core_.over() || core_.state() == State::kBirth || core_.route().uplink != uplink) return;
  path_mtu_.hint(static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu, UINT16_MAX)), now);
}

}  // namespace jumpgate::client
