/// The gateway's records and its wire, watched for two bindings of one session.
///
/// Purpose: what no log can show (spec/session-fsm.md, invariants 1 to 4): after each of the controller's steps the
/// record agrees with the stream, and a session has the binding its state allows; and each DATA, HEARTBEAT and CLOSE
/// leaves for the address of a binding that was committed, never again for one that has been replaced.
/// Owner thread: the simulation's. Bound: one entry a binding ever made.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <jumpgate/types.hpp>

#include "findings.hpp"
#include "gateway.hpp"
#include "timeline.hpp"

namespace jumpgate::sim {

class Watch {
 public:
  /// `max_lifetime` is that of every policy: a session's age is measured here, and its record's word is not taken.
  Watch(Gateway& gateway, const Timeline& timeline, Duration max_lifetime, Findings& findings)
      : gateway_(gateway), timeline_(timeline), max_lifetime_(max_lifetime), findings_(findings) {}

  /// After the timeline has seen it.
  void on_event(const audit::Event& event);
  /// Every datagram that leaves the gateway.
  void on_sent(const Endpoint& to, std::span<const std::uint8_t> datagram, MonoNs now);
  /// Every live session against its record.
  void check_records(MonoNs now);

 private:
  void check_record(const ctl::Session& session, const Life& life, MonoNs now);

  struct Bound {
    SessionId session;
    std::uint64_t binding_version{0};
    Endpoint remote;
  };

  Gateway& gateway_;
  const Timeline& timeline_;
  Duration max_lifetime_;
  Findings& findings_;
  std::map<ConnectionId, Bound> bindings_;           // by the client's id
  std::map<SessionId, std::uint64_t> sent_version_;  // the highest binding_version sent in
  std::vector<std::string_view> established_;        // peers with a session beyond BIRTH
};

}  // namespace jumpgate::sim
