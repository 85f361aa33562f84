/// What the engine asks of the world around it: sockets, the TUN device, the event log, the disk.
///
/// Purpose: the client's engine does no I/O; src/app/jump and the tests implement these.
/// Owner thread: the client's loop. Bound: each call returns at once; none may call the engine
/// back. Failure: sends and deliveries may be lost, as on any network; a counter that can not be
/// written stops the handshake and is reported.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <jumpgate/aead.hpp>
#include <jumpgate/datagrams.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "audit/event.hpp"
#include "session/path_set.hpp"

namespace jumpgate::client {

using UplinkId = session::PathId;
/// No uplink: a field without meaning in an event, a session without binding.
inline constexpr UplinkId kNoUplink = 0xff;

/// What the inner side needs to know once a session is attached.
struct TunnelSetup {
  std::uint16_t mtu{0};
  std::uint8_t address_count{0};
  std::array<IpPrefix, limits::kMaxInnerAddresses> addresses;

  bool operator==(const TunnelSetup&) const = default;
};

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  virtual void send(UplinkId uplink, std::span<const TxDatagram> datagrams) = 0;
  virtual void deliver(std::span<const std::span<std::uint8_t>> inner) = 0;
  /// `seq` is still zero: the log numbers it. `peer` is the name of the uplink concerned.
  virtual void event(const audit::Event& event) = 0;
  /// A session is ATTACHED whose setup differs from the last one told.
  virtual void tunnel_ready(const TunnelSetup& setup) = 0;
  /// From now on the tunnel takes inner packets of so many bytes. For those who have hosts to tell.
  virtual void inner_mtu(std::uint16_t /*mtu*/) {}
};

/// The HELLO counter on disk (spec/handshake.md "The client").
class CounterStore {
 public:
  CounterStore() = default;
  CounterStore(const CounterStore&) = delete;
  CounterStore& operator=(const CounterStore&) = delete;
  virtual ~CounterStore() = default;

  /// The last counter written, 0 when there is none.
  virtual std::uint64_t last() = 0;
  /// Returns after the counter is safe on disk; false when it is not.
  [[nodiscard]] virtual bool write(std::uint64_t counter) = 0;
};

/// The AEAD drivers, by suite; nullptr for a suite that is not there.
struct AeadSet {
  Aead* aes256_gcm{nullptr};
  Aead* chacha20_poly1305{nullptr};

  [[nodiscard]] Aead* find(Suite suite) const {
    if (suite == Suite::kAes256Gcm) return aes256_gcm;
    return suite == Suite::kChaCha20Poly1305 ? chacha20_poly1305 : nullptr;
  }
};

}  // namespace jumpgate::client
