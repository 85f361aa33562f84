#include "ethdev/ethdev_port.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "ethdev/interface_mtu.hpp"

namespace jumpgate::ethdev {
namespace {

// Ethernet header and one VLAN tag around the layer 3 MTU.
constexpr std::uint32_t kFrameOverhead = 18;

std::string error_text(int code) {
  return rte_strerror(code < 0 ? -code : code);
}

bool creates_its_interface(Driver driver) {
  return driver == Driver::kTap;
}

// What stands in the way on the kernel's side, before DPDK says it less clearly.
std::expected<void, std::string> check_interface(const PortSpec& spec) {
  if (creates_its_interface(spec.driver)) return {};
  std::vector<std::string> taken;
  if (spec.driver == Driver::kPci) taken = interfaces_of_card(spec.interface);
  if (on_kernel_interface(spec.driver)) {
    if (auto link = NetlinkLink::open(spec.interface); !link)
      return std::unexpected(fmt::format("port {}: {}", spec.name, link.error()));
    taken.push_back(spec.interface);
  }
  for (const std::string& interface : taken) {
    const std::string reason = spec.force ? std::string{} : reason_to_spare(interface);
    if (!reason.empty())
      return std::unexpected(
          fmt::format("port {}: {}; it is not taken unless force = true", spec.name, reason));
  }
  return {};
}

}  // namespace

EthdevPort::EthdevPort(std::uint16_t port_id, PortSpec spec)
    : port_id_{port_id}, spec_{std::move(spec)} {}

std::expected<std::unique_ptr<EthdevPort>, std::string> EthdevPort::open(const PortSpec& spec,
                                                                         rte_mempool* pool) {
  if (auto free_to_take = check_interface(spec); !free_to_take)
    return std::unexpected(free_to_take.error());
  auto vdev = make_vdev(spec);
  if (!vdev) return std::unexpected(std::move(vdev.error()));
  std::optional<InterfaceLock> lock;
  if (on_kernel_interface(spec.driver) || spec.driver == Driver::kPci) {
    auto taken = InterfaceLock::take(spec.interface);
    if (!taken) return std::unexpected(fmt::format("port {}: {}", spec.name, taken.error()));
    lock = std::move(*taken);
  }
  const bool pci = spec.driver == Driver::kPci;
  std::uint16_t port_id = 0;
  const bool probed = pci && rte_eth_dev_get_port_by_name(vdev->name.c_str(), &port_id) == 0;
  const int made = probed ? 0
                          : rte_eal_hotplug_add(pci ? "pci" : "vdev", vdev->name.c_str(),
                                                vdev->arguments.c_str());
  if (made != 0)
    return std::unexpected(fmt::format(
        "port {}: {} {} can not be opened: {}{}", spec.name, vdev->name, vdev->arguments,
        error_text(made),
        pci ? "; bind it with: dpdk-devbind.py --bind=vfio-pci " + spec.interface : std::string{}));
  if (rte_eth_dev_get_port_by_name(vdev->name.c_str(), &port_id) != 0)
    return std::unexpected(fmt::format("port {}: {} made no port", spec.name, vdev->name));
  std::unique_ptr<EthdevPort> port(new EthdevPort(port_id, spec));
  port->lock_ = std::move(lock);
  port->vdev_ = vdev->name;
  if (auto started = port->start(pool); !started) return std::unexpected(started.error());
  return port;
}

std::expected<std::unique_ptr<EthdevPort>, std::string> EthdevPort::adopt(std::uint16_t port_id,
                                                                          const PortSpec& spec,
                                                                          rte_mempool* pool) {
  if (rte_eth_dev_is_valid_port(port_id) == 0)
    return std::unexpected(fmt::format("port {}: there is no ethdev {}", spec.name, port_id));
  std::unique_ptr<EthdevPort> port(new EthdevPort(port_id, spec));
  if (auto started = port->start(pool); !started) return std::unexpected(started.error());
  return port;
}

EthdevPort::~EthdevPort() {
  (void)rte_eth_dev_stop(port_id_);
  if (vdev_.empty()) return;
  (void)rte_eth_dev_close(port_id_);
  if (spec_.driver != Driver::kPci) (void)rte_eal_hotplug_remove("vdev", vdev_.c_str());
}

std::expected<void, std::string> EthdevPort::start(rte_mempool* pool) {
  if (auto set_up = set_up_queues(pool); !set_up) return set_up;
  if (auto set = set_mtu(); !set) return set;
  if (const int started = rte_eth_dev_start(port_id_); started != 0)
    return std::unexpected(
        fmt::format("port {}: can not be started: {}", spec_.name, error_text(started)));
  rte_ether_addr address{};
  if (const int known = rte_eth_macaddr_get(port_id_, &address); known != 0)
    return std::unexpected(
        fmt::format("port {}: has no MAC address: {}", spec_.name, error_text(known)));
  std::copy_n(address.addr_bytes, mac_.bytes.size(), mac_.bytes.begin());
  // Neighbour solicitations come to multicast groups; where the port can not filter by group, it hands up everything.
  if (rte_eth_allmulticast_enable(port_id_) != 0) (void)rte_eth_promiscuous_enable(port_id_);
  if (on_kernel_interface(spec_.driver)) {
    auto link = NetlinkLink::open(spec_.interface);
    if (!link) return std::unexpected(fmt::format("port {}: {}", spec_.name, link.error()));
    link_ = std::move(*link);
  }
  link_up_.store(read_link(), std::memory_order_relaxed);
  return {};
}

std::expected<void, std::string> EthdevPort::set_up_queues(rte_mempool* pool) {
  rte_eth_dev_info info{};
  if (const int known = rte_eth_dev_info_get(port_id_, &info); known != 0)
    return std::unexpected(fmt::format("port {}: {}", spec_.name, error_text(known)));
  if (spec_.queues == 0 || spec_.queues > info.max_rx_queues || spec_.queues > info.max_tx_queues)
    return std::unexpected(fmt::format("port {}: {} queues are wanted and it has {}", spec_.name,
                                       spec_.queues,
                                       std::min(info.max_rx_queues, info.max_tx_queues)));
  if (rte_pktmbuf_data_room_size(pool) < RTE_PKTMBUF_HEADROOM + spec_.mtu + kFrameOverhead)
    return std::unexpected(
        fmt::format("port {}: an MTU of {} does not fit one mbuf", spec_.name, spec_.mtu));
  rte_eth_conf conf{};
  const auto wanted_rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  const auto wanted_tx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
  conf.rxmode.offloads = info.rx_offload_capa & wanted_rx;
  conf.txmode.offloads = info.tx_offload_capa & wanted_tx;
  if (spec_.queues > 1) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf =
        info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
    if (conf.rx_adv_conf.rss_conf.rss_hf == 0) conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
  }
  if (const int done = rte_eth_dev_configure(port_id_, spec_.queues, spec_.queues, &conf);
      done != 0)
    return std::unexpected(
        fmt::format("port {}: can not be configured: {}", spec_.name, error_text(done)));
  offloads_ = {(conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0,
               (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_UDP_CKSUM) != 0,
               (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0,
               (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0};
  std::uint16_t rx = spec_.rx_descriptors, tx = spec_.tx_descriptors;
  if (const int fits = rte_eth_dev_adjust_nb_rx_tx_desc(port_id_, &rx, &tx);
      fits != 0 && fits != -ENOTSUP)
    return std::unexpected(fmt::format("port {}: {} rx and {} tx descriptors: {}", spec_.name, rx,
                                       tx, error_text(fits)));
  const auto socket = static_cast<unsigned>(std::max(rte_eth_dev_socket_id(port_id_), 0));
  for (std::uint16_t queue = 0; queue < spec_.queues; ++queue) {
    const int rx_done = rte_eth_rx_queue_setup(port_id_, queue, rx, socket, nullptr, pool);
    const int tx_done =
        rx_done != 0 ? 0 : rte_eth_tx_queue_setup(port_id_, queue, tx, socket, nullptr);
    if (rx_done != 0 || tx_done != 0)
      return std::unexpected(fmt::format(
          "port {}: queue {} can not be set up: {}{}", spec_.name, queue,
          error_text(rx_done != 0 ? rx_done : tx_done),
          spec_.driver == Driver::kAfXdp
              ? "; another process may hold the interface (ip link show shows its XDP program)"
              : ""));
  }
  return {};
}

std::expected<void, std::string> EthdevPort::set_mtu() {
  mtu_ = spec_.mtu;
  std::uint16_t now = 0;
  if (rte_eth_dev_get_mtu(port_id_, &now) == 0 && now == spec_.mtu) return {};
  if (spec_.driver == Driver::kAfPacket) {
    const auto set = set_interface_mtu(spec_.interface, spec_.mtu);
    if (set) return {};
    return std::unexpected(fmt::format("port {}: MTU {}: {}", spec_.name, spec_.mtu, set.error()));
  }
  const int done = rte_eth_dev_set_mtu(port_id_, spec_.mtu);
  // net_ring and net_pcap have no MTU; they carry what an mbuf holds.
  if (done == 0 || done == -ENOTSUP) return {};
  return std::unexpected(
      fmt::format("port {}: MTU {} is refused: {}", spec_.name, spec_.mtu, error_text(done)));
}

std::uint16_t EthdevPort::rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) {
  return rte_eth_rx_burst(port_id_, queue, out.data(), static_cast<std::uint16_t>(out.size()));
}

std::uint16_t EthdevPort::tx_burst(std::uint16_t queue, std::span<rte_mbuf*> packets) {
  return rte_eth_tx_burst(port_id_, queue, packets.data(),
                          static_cast<std::uint16_t>(packets.size()));
}

bool EthdevPort::read_link() const {
  if (link_) return link_->up();
  rte_eth_link link{};
  return rte_eth_link_get_nowait(port_id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool EthdevPort::poll_link() {
  if (link_) (void)link_->poll();
  const bool now = read_link();
  return link_up_.exchange(now, std::memory_order_relaxed) != now;
}

PortStats EthdevPort::stats() const {
  rte_eth_stats raw{};
  if (rte_eth_stats_get(port_id_, &raw) != 0) return {};
  return {raw.ipackets, raw.opackets, raw.ibytes,  raw.obytes,
          raw.imissed,  raw.ierrors,  raw.oerrors, raw.rx_nombuf};
}

}  // namespace jumpgate::ethdev
