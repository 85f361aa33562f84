#include "ethdev/port_spec.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <rte_dev.h>

namespace jumpgate::ethdev {
namespace {

// Ethernet header, one VLAN tag, and the ring header of af_packet before each frame.
constexpr unsigned kRingFrameOverhead = 14 + 4 + 66;

std::string device_name(std::string_view driver, const std::string& name) {
  std::string device = fmt::format("net_{}_{}", driver, name);
  std::ranges::replace(device, '.', '_');
  return device;
}

// af_packet's ring: blocks of whole pages, of frames without a gap between them. A whole frame must fit one mbuf, so it
// is no larger than need be (a power of two would not fit for a jumbo MTU).
constexpr unsigned kRingFrameStep = 1024;
constexpr unsigned kFramesInBlock = 4;
unsigned frame_size(std::uint16_t mtu) {
  return (mtu + kRingFrameOverhead + kRingFrameStep - 1) / kRingFrameStep * kRingFrameStep;
}

}  // namespace

std::expected<Vdev, std::string> make_vdev(const PortSpec& spec) {
  Vdev vdev;
  switch (spec.driver) {
    case Driver::kAfXdp:
      if (spec.mtu > 1500)
        return std::unexpected(fmt::format(
            "port {}: af_xdp carries an MTU of 1500 at most here; use driver = \"af_packet\"",
            spec.name));
      vdev = {device_name("af_xdp", spec.name),
              fmt::format("iface={},start_queue=0,queue_count={}", spec.interface, spec.queues)};
      break;
    case Driver::kAfPacket: {
      const unsigned frame = frame_size(spec.mtu);
      vdev = {device_name("af_packet", spec.name),
              fmt::format("iface={},qpairs={},blocksz={},framesz={},framecnt=512,qdisc_bypass=1",
                          spec.interface, spec.queues, kFramesInBlock * frame, frame)};
      break;
    }
    case Driver::kTap:
      vdev = {device_name("tap", spec.name), fmt::format("iface={}", spec.interface)};
      break;
    case Driver::kMemif:
      vdev = {device_name("memif", spec.name), ""};
      break;
    case Driver::kRing:
      vdev = {device_name("ring", spec.name), ""};
      break;
    case Driver::kNull:
      vdev = {device_name("null", spec.name), ""};
      break;
    case Driver::kPcap:
      vdev = {device_name("pcap", spec.name), ""};
      break;
    case Driver::kPci:
      vdev = {spec.interface, ""};
      break;
  }
  if (!spec.devargs.empty()) vdev.arguments += (vdev.arguments.empty() ? "" : ",") + spec.devargs;
  if (vdev.name.size() >= RTE_DEV_NAME_MAX_LEN)
    return std::unexpected(fmt::format("port {}: the device name is too long", spec.name));
  return vdev;
}

}  // namespace jumpgate::ethdev
