#include "app/jump/host.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <sys/epoll.h>

#include "app/standard_streams.hpp"
#include "tun/rtnl.hpp"

namespace jumpgate::jump {
namespace {

/// Bursts handled before the loop looks at its other descriptors again.
constexpr unsigned kBurstsAtOnce = 16;

void complain(const std::string& what) {
  if (!what.empty()) app::complain("jump", what);
}

}  // namespace

std::string Host::open() {
  auto tun = tun::TunDevice::open({.name = config_.tun});
  if (!tun) {
    return fmt::format("cannot make the tunnel interface '{}': {}", config_.tun, tun.error());
  }
  tun_ = std::move(*tun);
  auto monitor = udp::LinkMonitor::open();
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  return {};
}

std::string Host::attach(client::Engine& engine) {
  engine_ = &engine;
  const bool watched = loop_.add(monitor_->fd(), [this](std::uint32_t) {
    if (monitor_->poll()) refresh_uplinks();
  }) && loop_.add(tun_->fd(), [this](std::uint32_t) { on_inner(); });
  if (!watched) return "cannot watch the tunnel interface";
  for (const config::UplinkConfig& uplink : config_.uplinks) {
    // No error: a modem may be plugged in later. But more often it is a slip of the pen.
    if (!udp::LinkMonitor::state(uplink.interface).present)
      complain(fmt::format("uplink '{}': no interface '{}' now", uplink.name, uplink.interface));
  }
  refresh_uplinks();
  return {};
}

void Host::close() {
  uplinks_ = {};
  monitor_.reset();
  tun_.reset();
}

// ---- Uplinks
// -------------------------------------------------------------------------------------

std::optional<Endpoint> Host::gateway_over(const udp::LinkState& link) const {
  for (const Endpoint& endpoint : config_.endpoints) {
    if (link.usable(endpoint.address.family)) return endpoint;
  }
  return std::nullopt;
}

std::string Host::uplink_report() const {
  std::string report;
  for (const config::UplinkConfig& uplink : config_.uplinks) {
    const udp::LinkState link = udp::LinkMonitor::state(uplink.interface);
    const char* condition = "up";
    if (!link.present) {
      condition = "no such interface";
    } else if (!link.running) {
      condition = "down";
    } else if (!gateway_over(link)) {
      condition = "without an address of a gateway endpoint's family";
    }
    report += fmt::format("{}{} ({}) {}", report.empty() ? "" : ", ", uplink.name, uplink.interface,
                          condition);
  }
  return report;
}

bool Host::ensure_socket(client::UplinkId id, const udp::LinkState& link) {
  Uplink& uplink = uplinks_.at(id);
  if (uplink.path && uplink.index == link.index) return true;
  if (uplink.path) loop_.remove(uplink.path->fd());
  const config::UplinkConfig& spec = config_.uplinks.at(id);
  auto path = udp::UdpPath::open({.interface = spec.interface});
  if (!path) {
    uplink.path.reset();
    complain(fmt::format("uplink '{}': {}", spec.name, path.error()));
    return false;
  }
  uplink.path = std::move(*path);
  uplink.index = link.index;
  return loop_.add(uplink.path->fd(),
                   [this, id](std::uint32_t events) { on_datagrams(id, events); });
}

void Host::refresh_uplinks() {
  for (std::size_t i = 0; i < config_.uplinks.size(); ++i) {
    const auto id = static_cast<client::UplinkId>(i);
    const udp::LinkState link = udp::LinkMonitor::state(config_.uplinks.at(i).interface);
    const auto gateway = gateway_over(link);
    client::UplinkStatus status;
    if (gateway && ensure_socket(id, link)) {
      status = {.up = true, .gateway = *gateway, .addresses = link.addresses};
    }
    engine_->on_uplink(id, status, client::EventLoop::now());
  }
}

void Host::on_datagrams(client::UplinkId id, std::uint32_t events) {
  udp::UdpPath& path = *uplinks_.at(id).path;
  if ((events & EPOLLERR) != 0) {
    const udp::ErrorHints hints = path.take_errors();
    if (hints.unreachable) engine_->on_path_error(id, client::EventLoop::now());
    if (hints.mtu != 0) engine_->on_path_mtu_hint(id, hints.mtu, client::EventLoop::now());
  }
  std::array<RxDatagram, limits::kBurst> datagrams;
  for (unsigned round = 0; round < kBurstsAtOnce || path.pending(); ++round) {
    const std::size_t count = path.receive(datagrams);
    if (count == 0) return;
    engine_->on_datagrams(id, std::span(datagrams).first(count), client::EventLoop::now());
    // The kernel had no more: asking again would be a system call for nothing.
    if (count < datagrams.size() && !path.pending()) return;
  }
}

void Host::send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) {
  const auto& path = uplinks_.at(uplink).path;
  if (!path) {
    unsent_ += datagrams.size();
    return;
  }
  (void)path->send(datagrams);
}

std::uint64_t Host::refused_datagrams() const {
  std::uint64_t sum = unsent_;
  for (const Uplink& uplink : uplinks_)
    sum += uplink.path ? uplink.path->refused() : 0;
  return sum;
}

// ---- The inner side
// ------------------------------------------------------------------------------

void Host::on_inner() {
  std::array<std::span<std::uint8_t>, limits::kBurst> packets;
  for (unsigned round = 0; round < kBurstsAtOnce || tun_->pending(); ++round) {
    const std::size_t count = tun_->read(packets);
    if (tun_->gone() && gone_) gone_();
    if (count == 0) return;
    engine_->on_inner(std::span(packets).first(count), client::EventLoop::now());
    if (count < packets.size() && !tun_->pending()) return;
  }
}

void Host::deliver(std::span<const std::span<std::uint8_t>> inner) {
  (void)tun_->write(inner);
}

void Host::event(const audit::Event& event) {
  log_.publish(event);
}

void Host::inner_mtu(std::uint16_t mtu) {
  inner_mtu_ = mtu;
  if (setup_) set_tun_mtu(*setup_);
}

void Host::set_tun_mtu(const client::TunnelSetup& setup) {
  std::uint16_t mtu = inner_mtu_ != 0 ? std::min(inner_mtu_, setup.mtu) : setup.mtu;
  // Below it the kernel takes IPv6 off the interface (RFC 8200 section 5); the engine tells hosts of
  // what is less.
  const auto addresses = std::span(setup.addresses).first(setup.address_count);
  const bool v6 = std::ranges::any_of(
      addresses, [](const IpPrefix& a) { return a.address.family == IpFamily::kV6; });
  if (v6) mtu = std::max(mtu, static_cast<std::uint16_t>(limits::kMinPathMtu));
  if (config_.mtu != 0) mtu = std::min(mtu, config_.mtu);
  tun::Rtnl rtnl(tun_->name());
  complain(rtnl.set_up(mtu));
}

void Host::tunnel_ready(const client::TunnelSetup& setup) {
  set_tun_mtu(setup);
  tun::Rtnl rtnl(tun_->name());
  const auto in_force = [](const client::TunnelSetup& s, const IpPrefix& address) {
    const auto list = std::span(s.addresses).first(s.address_count);
    return std::ranges::find(list, address) != list.end();
  };
  if (setup_) {
    for (std::size_t i = 0; i < setup_->address_count; ++i) {
      if (!in_force(setup, setup_->addresses.at(i)))
        complain(rtnl.remove_address(setup_->addresses.at(i)));
    }
  }
  for (std::size_t i = 0; i < setup.address_count; ++i)
    complain(rtnl.add_address(setup.addresses.at(i)));
  if (!routed_) {
    for (const IpPrefix& prefix : config_.allowed_ips)
      complain(rtnl.add_route(prefix));
  }
  routed_ = true;
  setup_ = setup;
  if (ready_) ready_();
}

}  // namespace jumpgate::jump
