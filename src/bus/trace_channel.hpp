/// The way of a session's packets through a worker, for an operator who looks: a request down, records
/// up. Addresses, ports, lengths and verdicts; no key and nothing of what a packet carries.
///
/// Owner threads: request() and take() are the controller's, the rest the worker's. Bound: one request
/// at a time, kMaxPackets records of it; nothing is written where nobody asked. Failure: a record that
/// finds no room is left out, which its number shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <jumpgate/drops.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "bus/ring.hpp"

namespace jumpgate::bus {

/// What a packet has passed, in this order.
enum class TraceStage : std::uint8_t { kReceived, kOpened, kForwarded, kSealed };
inline constexpr std::array<std::string_view, 4> kTraceStages{"received", "opened", "forwarded",
                                                              "sealed"};
/// How it ended for this worker.
enum class TraceEnd : std::uint8_t { kSent, kDropped, kTaken, kToController, kToWorker, kHeld };
inline constexpr std::array<std::string_view, 6> kTraceEnds{"sent",          "dropped",   "taken",
                                                            "to_controller", "to_worker", "held"};

struct TraceRequest {
  SessionRef session;
  std::uint32_t serial{0};  // of the request; its records bear it
  std::uint32_t packets{0};
  MonoNs until{};
};

struct TracedPacket {
  std::uint32_t serial{0};
  std::uint32_t number{0};  // from 1
  MonoNs at{};              // of the round that met it
  std::uint64_t counter{0};
  Endpoint outer_from;  // in: as received
  Endpoint outer_to;
  Endpoint inner_from;
  Endpoint inner_to;
  std::uint16_t outer_length{0};  // of the datagram
  std::uint16_t inner_length{0};
  std::uint8_t protocol{0};  // of the inner packet
  std::uint8_t stages{0};    // a bit for each TraceStage passed
  std::uint8_t port{0};      // kSent: where
  bool out{false};           // towards the client
  wire::Type type{};
  TraceEnd end{};
  DropReason reason{};  // kDropped
};

class TraceChannel {
 public:
  static constexpr std::size_t kMaxPackets = 1000;

  static std::size_t footprint() {
    return Ring<TraceRequest>::footprint(kRequests) + Ring<TracedPacket>::footprint(kRecords);
  }
  static std::expected<std::unique_ptr<TraceChannel>, std::string> create(unsigned worker,
                                                                          int socket);
  TraceChannel(const TraceChannel&) = delete;
  TraceChannel& operator=(const TraceChannel&) = delete;

  /// In place of the one before, whose records are thrown away. False: the worker has not taken the
  /// last ones yet.
  bool request(const TraceRequest& wanted);
  bool take(TracedPacket& record) { return records_.pop(record); }

  bool take_request(TraceRequest& wanted) { return requests_.pop(wanted); }
  bool write(const TracedPacket& record) { return records_.push(record); }

 private:
  static constexpr std::size_t kRequests = 3;
  static constexpr std::size_t kRecords = kMaxPackets;
  TraceChannel() = default;

  Ring<TraceRequest> requests_;
  Ring<TracedPacket> records_;
};

}  // namespace jumpgate::bus
