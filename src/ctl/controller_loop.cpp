#include "ctl/controller_loop.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <rte_mbuf.h>

#include "net/frames.hpp"
#include "net/icmp.hpp"
#include "net/own_addresses.hpp"

namespace jumpgate::ctl {
namespace {

std::span<const std::uint8_t> bytes_of(const rte_mbuf& mbuf) {
  return {rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), rte_pktmbuf_data_len(&mbuf)};
}

}  // namespace

ControllerLoop::ControllerLoop(Parts parts) : parts_(std::move(parts)), errors_(parts_.ports) {
  parts_.neighbours.on_lost([this](std::uint8_t port, std::span<const std::uint8_t> frame,
                                   net::Loss why, MonoNs now) { on_lost(port, frame, why, now); });
}

std::size_t ControllerLoop::round(MonoNs now) {
  std::size_t done = 0;
  parts_.outer.set_now(now);
  for (bus::CommandChannel* channel : parts_.commands) {
    for (std::size_t i = 0; i < limits::kReportsPerTick; ++i, ++done) {
      bus::Command* command = channel->poll_ack();
      if (command == nullptr) break;
      parts_.controller.on_acknowledged(*command, now);
      channel->release(command);
    }
  }
  for (bus::ReportChannel* channel : parts_.reports) {
    bus::Report report;
    for (std::size_t i = 0; i < limits::kReportsPerTick && channel->pop(report); ++i, ++done) {
      on_report(report, now);
      if (report.mbuf != nullptr) rte_pktmbuf_free(report.mbuf);
    }
  }
  const std::size_t requests = parts_.mailbox.serve(now);
  counters_.add(ControllerCounter::kOperatorRequests, requests);
  done += requests;
  parts_.controller.tick(now);
  parts_.neighbours.tick(now);
  show_neighbours();
  return done;
}

Duration ControllerLoop::idle_wait(std::size_t done) {
  idle_ = done > 0 ? Duration{} : std::min(idle_ + microseconds(10), kMaxIdle);
  return idle_;
}

void ControllerLoop::on_report(const bus::Report& report, MonoNs now) {
  if (report.mbuf == nullptr) {
    parts_.controller.on_report(report, now);
    return;
  }
  const std::span<const std::uint8_t> bytes = bytes_of(*report.mbuf);
  switch (report.kind) {
    case bus::ReportKind::kHandshake:
      return parts_.controller.on_handshake(bytes, report.from, report.to, report.worker, now);
    case bus::ReportKind::kControl:
      if (bytes.size() == wire::kControlPayloadSize)
        parts_.controller.on_control(report, bytes.first<wire::kControlPayloadSize>(), now);
      return;
    case bus::ReportKind::kFrame:
      return on_frame(report, bytes, now);
    case bus::ReportKind::kResolve:
      parts_.neighbours.resolve(report.port, report.address, bytes, now);
      return;
    case bus::ReportKind::kInnerLocal:
      return on_inner_local(bytes, now);
    case bus::ReportKind::kInnerRefused:
      return on_inner_refused(report, bytes, now);
    default:
      return parts_.controller.on_report(report, now);
  }
}

void ControllerLoop::on_frame(const bus::Report& report, std::span<const std::uint8_t> frame,
                              MonoNs now) {
  const auto ethernet = net::parse_ethernet(frame);
  const net::PortAddressing* in = port(report.port);
  if (!ethernet || in == nullptr) return;
  const bool is_ip = ethernet->type == net::kEtherTypeIpv4 || ethernet->type == net::kEtherTypeIpv6;
  if (!is_ip || net::is_nd(ethernet->payload)) {
    const auto ignored = parts_.neighbours.receive(report.port, frame, now);
    if (ignored) counters_.drop(*ignored);
    return;
  }
  const auto ip = net::parse_ip(ethernet->payload);
  if (!ip || !net::is_own_address(*in, ip->destination()) || !net::is_echo_request(ip->packet))
    return;
  std::array<std::uint8_t, net::kEthernetSize + kMaxOwnPacket> reply{};
  const std::size_t size =
      net::build_echo_reply(std::span(reply).subspan(net::kEthernetSize), ip->packet);
  if (size == 0) return;
  net::build_ethernet(reply, ethernet->source(), in->mac, ethernet->type);
  parts_.frames.send(report.port, std::span(reply).first(net::kEthernetSize + size), report.worker);
}

void ControllerLoop::on_inner_local(std::span<const std::uint8_t> packet, MonoNs now) {
  if (!net::is_echo_request(packet)) return;
  std::array<std::uint8_t, kMaxOwnPacket> reply{};
  const std::size_t size = net::build_echo_reply(reply, packet);
  if (size != 0) send_inner(std::span(reply).first(size), now);
}

void ControllerLoop::on_inner_refused(const bus::Report& report,
                                      std::span<const std::uint8_t> packet, MonoNs now) {
  std::array<std::uint8_t, net::kMaxIcmpError> answer{};
  const std::size_t size = errors_.about(answer, packet, report.reason, report.mtu);
  if (size != 0) send_inner(std::span(answer).first(size), now);
}

void ControllerLoop::on_lost(std::uint8_t port, std::span<const std::uint8_t> frame, net::Loss why,
                             MonoNs now) {
  counters_.drop(DropReason::kNeighbourUnresolved);
  if (why != net::Loss::kUnanswered) return;  // the next hop may be there
  std::array<std::uint8_t, net::kMaxIcmpError> answer{};
  const std::size_t size = errors_.unreachable(answer, frame, port, now);
  if (size != 0) send_inner(std::span(answer).first(size), now);
}

void ControllerLoop::show_neighbours() {
  const net::NeighbourCounters& seen = parts_.neighbours.counters();
  counters_.set(ControllerCounter::kNeighbourRequests, seen.requests_sent);
  counters_.set(ControllerCounter::kNeighbourAnswers, seen.requests_answered);
  counters_.set(ControllerCounter::kNeighboursResolved, seen.resolved);
  counters_.set(ControllerCounter::kNeighboursFailed, seen.failed);
  counters_.set(ControllerCounter::kNeighboursRefused, seen.table_full);
  counters_.set(ControllerCounter::kNeighbourFramesReplaced, seen.frames_replaced);
}

void ControllerLoop::send_inner(std::span<const std::uint8_t> packet, MonoNs now) {
  const auto ip = net::parse_ip(packet);
  if (!ip) return;
  const net::RouteImage& image = parts_.routes.image();
  const net::RouteTarget target = image.route(ip->destination());
  if (target.kind == net::RouteKind::kPeer) {
    parts_.frames.send(bus::kIntoTunnel, packet);
    return;
  }
  const bool on_link = target.kind == net::RouteKind::kOnLink;
  const net::PortAddressing* out = port(target.port);
  if ((!on_link && target.kind != net::RouteKind::kNextHop) || out == nullptr ||
      packet.size() > std::min<std::size_t>(out->mtu, kMaxOwnPacket))
    return;
  std::array<std::uint8_t, net::kEthernetSize + kMaxOwnPacket> frame{};
  const bool v4 = ip->family == IpFamily::kV4;
  net::build_ethernet(frame, MacAddress{}, out->mac,
                      v4 ? net::kEtherTypeIpv4 : net::kEtherTypeIpv6);
  std::ranges::copy(packet, frame.begin() + net::kEthernetSize);
  parts_.neighbours.resolve(target.port, on_link ? ip->destination() : image.next_hop(target),
                            std::span(frame).first(net::kEthernetSize + packet.size()), now);
}

const net::PortAddressing* ControllerLoop::port(std::uint8_t index) const {
  const auto found = std::ranges::find(parts_.ports, index, &net::PortAddressing::port);
  return found == parts_.ports.end() ? nullptr : &*found;
}

}  // namespace jumpgate::ctl
