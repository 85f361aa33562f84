/// The traffic path of one session: three epochs, bursts sealed and opened in place.
///
/// Purpose: previous (draining), current and next epoch with their keys and windows; nothing here
/// decides which of them is which: the session does.
/// Owner thread: the client's loop. Bound: three epochs, limits::kBurst packets a call, no
/// allocation after construction. Failure: a packet that does not open is a counted drop and
/// changes nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <jumpgate/aead.hpp>
#include <jumpgate/datagrams.hpp>
#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/wire.hpp>

#include "client/epoch.hpp"
#include "net/ecn.hpp"

namespace jumpgate::client {

/// Drops by reason, for status and metrics.
class DropCounters {
 public:
  void add(DropReason reason, std::uint64_t n = 1) {
    counts_.at(static_cast<std::size_t>(reason)) += n;
  }
  [[nodiscard]] std::uint64_t count(DropReason reason) const {
    return counts_.at(static_cast<std::size_t>(reason));
  }

 private:
  std::array<std::uint64_t, kDropReasonCount> counts_{};
};

/// A traffic message whose prefix has been read and whose id is one of this session's.
struct SealedPacket {
  wire::Prefix prefix;
  std::span<std::uint8_t> message;
  UplinkId uplink{kNoUplink};
  std::uint8_t traffic_class{0};  // of its outer header
};

/// A traffic message that was authentic and fresh.
struct OpenedPacket {
  wire::Type type{};
  Epoch* epoch{nullptr};
  std::span<std::uint8_t> plaintext;
  UplinkId uplink{kNoUplink};
  std::uint8_t traffic_class{0};
  std::uint64_t counter{0};
};

class Tunnel {
 public:
  /// `outer_class`: of DATA's outer headers.
  Tunnel(Aead& aead, std::size_t window_packets, const net::OuterClass& outer_class = {});

  /// Installs keys in a free place; null when all three are taken (never: the session frees first).
  Epoch* install(const EpochInfo& info, const crypto::TrafficSecret& send,
                 const crypto::TrafficSecret& receive, MonoNs now);
  void release(std::uint64_t epoch);
  [[nodiscard]] Epoch* find(std::uint64_t epoch);
  /// The epoch that this id and phase name.
  [[nodiscard]] Epoch* find(ConnectionId client_cid, std::uint8_t phase);
  [[nodiscard]] bool knows(ConnectionId client_cid) const;

  /// Seals plaintexts in place: `packets[i]` has wire::kPrefixSize bytes before it and a tag's room
  /// behind it. Returns how many were sealed, from the front; `out[i]` is the message. Stops at the
  /// key's hard limit.
  std::size_t seal(Epoch& epoch, wire::Type type, std::span<const std::span<std::uint8_t>> packets,
                   std::span<TxDatagram> out);

  /// Opens in place; authentic and fresh ones go to `out` in order, the others are counted.
  std::size_t open(std::span<const SealedPacket> packets, std::span<OpenedPacket> out,
                   DropCounters& drops);

 private:
  Aead& aead_;
  net::OuterClass outer_class_;
  std::array<std::unique_ptr<Epoch>, limits::kMaxEpochs> epochs_;
};

}  // namespace jumpgate::client
