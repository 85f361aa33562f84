/// One round of the controller's thread: acknowledgements, reports, neighbours, ICMP, requests, time.
///
/// Owner thread: the controller. Bound: limits::kReportsPerTick reports and as many acknowledgements of each worker,
/// Mailbox::kRequestsPerTick requests, and one Controller::tick. Failure: what is not understood is freed and counted
/// by whoever judged it. round() never sleeps; idle_wait() says how long its caller may.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bus/command_channel.hpp"
#include "bus/report_channel.hpp"
#include "ctl/controller.hpp"
#include "ctl/controller_ports.hpp"
#include "ctl/counters.hpp"
#include "ctl/inner_errors.hpp"
#include "ctl/mailbox.hpp"
#include "net/neighbours.hpp"

namespace jumpgate::ctl {

class ControllerLoop {
 public:
  struct Parts {
    Controller& controller;
    OuterLink& outer;
    FrameSender& frames;
    net::Neighbours& neighbours;
    const ImageBook& routes;
    Mailbox& mailbox;
    std::vector<bus::CommandChannel*> commands;  // by worker
    std::vector<bus::ReportChannel*> reports;
    std::vector<net::PortAddressing> ports;
  };

  /// From now on the neighbours tell it, and nobody else, what they lose.
  explicit ControllerLoop(Parts parts);
  ControllerLoop(const ControllerLoop&) = delete;
  ControllerLoop& operator=(const ControllerLoop&) = delete;
  ~ControllerLoop() = default;

  /// Does what there is; returns how much that was.
  std::size_t round(MonoNs now);
  /// After a round that did `done`: how long to sleep, growing while nothing happens.
  [[nodiscard]] Duration idle_wait(std::size_t done);
  /// What the loop itself dropped or served; the core's own are Controller::counters().
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  /// Longest sleep of an idle controller: below a tick, far below any timer.
  static constexpr Duration kMaxIdle = microseconds(200);
  /// Largest IP packet the controller answers with: an echo of a jumbo frame.
  static constexpr std::size_t kMaxOwnPacket = 9216;

  void on_report(const bus::Report& report, MonoNs now);
  void on_frame(const bus::Report& report, std::span<const std::uint8_t> frame, MonoNs now);
  void on_inner_local(std::span<const std::uint8_t> packet, MonoNs now);
  void on_inner_refused(const bus::Report& report, std::span<const std::uint8_t> packet,
                        MonoNs now);
  /// Of the frames that the neighbours were given.
  void on_lost(std::uint8_t port, std::span<const std::uint8_t> frame, net::Loss why, MonoNs now);
  void show_neighbours();
  void send_inner(std::span<const std::uint8_t> packet, MonoNs now);
  [[nodiscard]] const net::PortAddressing* port(std::uint8_t index) const;

  Parts parts_;
  InnerErrors errors_;
  Counters counters_;
  Duration idle_{};
};

}  // namespace jumpgate::ctl
