/// The engine's surroundings on Linux: a socket for each uplink, the TUN device, the event log.
///
/// Purpose: Output over the drivers; tells the engine what the host says of its uplinks.
/// Owner thread: the client's loop; the audit thread behind the event log apart.
/// Bound: limits::kMaxUplinks sockets, one TUN device. Failure: what the kernel refuses is counted
/// there and lost, as on any network; set-up errors are said on stderr once.
///
/// The tunnel's own packets can not be routed into the tunnel: each socket is bound to its uplink
/// (SO_BINDTODEVICE), and the kernel then looks for routes over that interface alone. So
/// allowed_ips may hold the gateway's outer address, or everything.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/event_log.hpp"
#include "client/engine.hpp"
#include "client/event_loop.hpp"
#include "client/output.hpp"
#include "config/client_config.hpp"
#include "tun/tun_device.hpp"
#include "udp/link_monitor.hpp"
#include "udp/udp_path.hpp"

namespace jumpgate::jump {

class Host final : public client::Output {
 public:
  Host(const config::ClientConfig& config, client::EventLoop& loop, audit::EventLog& log)
      : config_(config), loop_(loop), log_(log) {}

  /// Opens the TUN device and the link monitor; the reason when it can not.
  [[nodiscard]] std::string open();
  /// Watches every descriptor and tells the engine the uplinks' present state.
  [[nodiscard]] std::string attach(client::Engine& engine);
  /// Lets the TUN device and the sockets go; nothing may be sent or delivered after it.
  void close();
  /// Each uplink's condition in a word, for a person whose tunnel does not come up.
  [[nodiscard]] std::string uplink_report() const;
  void set_ready_handler(std::function<void()> handler) { ready_ = std::move(handler); }
  /// Called when the tunnel's interface has been deleted under us.
  void set_gone_handler(std::function<void()> handler) { gone_ = std::move(handler); }

  void send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) override;
  void deliver(std::span<const std::span<std::uint8_t>> inner) override;
  void event(const audit::Event& event) override;
  void tunnel_ready(const client::TunnelSetup& setup) override;
  void inner_mtu(std::uint16_t mtu) override;

  [[nodiscard]] const std::string& tun_name() const { return tun_->name(); }
  [[nodiscard]] const std::optional<client::TunnelSetup>& setup() const { return setup_; }
  /// Datagrams that the kernel refused or that had no socket.
  [[nodiscard]] std::uint64_t refused_datagrams() const;
  [[nodiscard]] std::uint64_t refused_packets() const { return tun_->dropped(); }

 private:
  struct Uplink {
    std::unique_ptr<udp::UdpPath> path;
    unsigned index{0};
  };

  void set_tun_mtu(const client::TunnelSetup& setup);
  void refresh_uplinks();
  [[nodiscard]] bool ensure_socket(client::UplinkId id, const udp::LinkState& link);
  [[nodiscard]] std::optional<Endpoint> gateway_over(const udp::LinkState& link) const;
  void on_datagrams(client::UplinkId id, std::uint32_t events);
  void on_inner();

  const config::ClientConfig& config_;
  client::EventLoop& loop_;
  audit::EventLog& log_;
  client::Engine* engine_{nullptr};
  std::unique_ptr<tun::TunDevice> tun_;
  std::unique_ptr<udp::LinkMonitor> monitor_;
  std::array<Uplink, limits::kMaxUplinks> uplinks_;
  std::optional<client::TunnelSetup> setup_;
  std::uint16_t inner_mtu_{0};  // 0: not told yet
  bool routed_{false};
  std::uint64_t unsent_{0};
  std::function<void()> ready_;
  std::function<void()> gone_;
};

}  // namespace jumpgate::jump
