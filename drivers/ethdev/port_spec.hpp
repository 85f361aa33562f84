/// What is needed to open one port, and the devargs made from it.
///
/// Owner thread: main. Pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace jumpgate::ethdev {

enum class Driver : std::uint8_t { kAfXdp, kAfPacket, kTap, kMemif, kRing, kNull, kPcap, kPci };

struct PortSpec {
  std::string name;  // the operator's
  Driver driver{Driver::kAfXdp};
  std::string interface;  // kernel interface (af_xdp, af_packet; made by tap), PCI address (pci);
                          // else unused
  std::string
      devargs;  // appended, e.g. "rx_pcap=in.pcap,tx_pcap=out.pcap" for pcap, "no-rx=1" for null,
                // "role=client,id=0,socket=/run/m.sock" for memif
  std::uint16_t queues{1};
  std::uint16_t mtu{1500};  // bytes, layer 3
  std::uint16_t rx_descriptors{1024};
  std::uint16_t tx_descriptors{1024};
  bool force{false};  // take the interface even though the host lives on it
};

/// Whether the driver sits on a kernel interface, whose link must be watched by netlink.
constexpr bool on_kernel_interface(Driver driver) {
  return driver == Driver::kAfXdp || driver == Driver::kAfPacket || driver == Driver::kTap;
}

/// The vdev's name ("net_af_xdp_wan") and arguments ("iface=wan0,start_queue=0,queue_count=1").
struct Vdev {
  std::string name;
  std::string arguments;
};
/// Fails when the spec asks for what the driver can not do (several queues over af_xdp on one
/// interface, a name too long).
std::expected<Vdev, std::string> make_vdev(const PortSpec& spec);

}  // namespace jumpgate::ethdev
