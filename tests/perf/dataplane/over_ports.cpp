#include "over_ports.hpp"

#include "app/jumpgated/tsc_clock.hpp"
#include "ethdev/ethdev_port.hpp"
#include "rig.hpp"

namespace jumpgate::bench {
namespace {

/// What the worker sends in `time`, by its own counter.
std::uint64_t run(Rig& rig, Duration time) {
  const app::TscClock clock;
  const MonoNs zero = clock();
  const MonoNs from = rig.now;
  const std::uint64_t before = rig.count(bus::WorkerCounter::kTxPackets);
  for (rig.now = from; rig.now < from + time; rig.now = from + (clock() - zero))
    rig.worker(0).poll_once(rig.now);
  return rig.count(bus::WorkerCounter::kTxPackets) - before;
}

}  // namespace

std::expected<double, std::string> seal_capture(rte_mempool* pool, Suite suite,
                                                const std::string& capture, unsigned seconds) {
  ethdev::PortSpec in;
  in.name = "in";
  in.driver = ethdev::Driver::kPcap;
  in.devargs = "rx_pcap=" + capture + ",infinite_rx=1";
  ethdev::PortSpec out;
  out.name = "out";
  out.driver = ethdev::Driver::kNull;
  out.devargs = "no-rx=1";
  auto inner = ethdev::EthdevPort::open(in, pool);
  if (!inner) return std::unexpected(inner.error());
  auto outer = ethdev::EthdevPort::open(out, pool);
  if (!outer) return std::unexpected(outer.error());
  RigOptions options;
  options.suite = suite;
  options.ports = {outer->get(), inner->get()};
  auto rig = Rig::create(options, pool);
  if (!rig) return std::unexpected(rig.error());
  run(**rig, milliseconds(200));
  const std::uint64_t packets = run(**rig, jumpgate::seconds(seconds));
  if (const std::uint64_t drops = (*rig)->drops(); drops != 0)
    return std::unexpected(std::to_string(drops) + " packets were dropped");
  return static_cast<double>(packets) / 1e6 / seconds;
}

}  // namespace jumpgate::bench
