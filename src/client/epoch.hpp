/// One epoch as the client holds it: its route, both traffic keys and the replay window.
///
/// Purpose: everything that ends when the epoch ends (spec/keys.md "Epochs").
/// Owner thread: the client's loop. Bound: fixed size; the window's memory is allocated once for
/// each of the tunnel's three places. Failure: none; keys are wiped by clear().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <jumpgate/aead.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "client/output.hpp"
#include "crypto/key_schedule.hpp"
#include "session/replay_window.hpp"

namespace jumpgate::client {

/// Where an epoch's packets go, and by which ids both sides are addressed in it.
struct Route {
  UplinkId uplink{kNoUplink};
  Endpoint gateway;
  wire::IssuedId gateway_id;
  std::uint8_t id_key_phase{0};
  ConnectionId client_cid;
};

/// The keys of an epoch and what they are bound to.
struct EpochInfo {
  std::uint64_t number{0};
  std::uint32_t generation{0};
  std::uint64_t binding_version{0};
  Route route;
};

class Epoch {
 public:
  explicit Epoch(std::size_t window_packets)
      : window_memory_(session::ReplayWindow::words_for(window_packets)) {}
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;
  ~Epoch() { clear(); }

  void install(const EpochInfo& info, Aead& aead, const crypto::TrafficSecret& send,
               const crypto::TrafficSecret& receive, MonoNs now);
  /// Wipes the keys; the place is free again.
  void clear();
  [[nodiscard]] bool live() const { return live_; }
  [[nodiscard]] const EpochInfo& info() const { return info_; }
  [[nodiscard]] std::uint8_t phase() const { return static_cast<std::uint8_t>(info_.number & 3U); }

  /// Sending: the counter is used once, whatever becomes of the packet. False at the hard limit.
  [[nodiscard]] bool may_send() const;
  [[nodiscard]] std::uint64_t sent() const { return sent_.packets; }
  [[nodiscard]] std::uint64_t take_counter(std::size_t plaintext_bytes);
  /// True from the limit at which the client rekeys (spec/keys.md "Limits").
  [[nodiscard]] bool wants_rekey() const;
  [[nodiscard]] bool may_receive() const;
  void count_received(std::size_t plaintext_bytes);

  [[nodiscard]] session::ReplayWindow& window() { return window_; }
  [[nodiscard]] const session::ReplayWindow& window() const { return window_; }
  [[nodiscard]] const ExpandedKey* send_key() const { return &send_key_; }
  [[nodiscard]] const ExpandedKey* receive_key() const { return &receive_key_; }
  [[nodiscard]] const std::array<std::uint8_t, kAeadIvSize>& send_iv() const { return send_iv_; }
  [[nodiscard]] const std::array<std::uint8_t, kAeadIvSize>& receive_iv() const {
    return receive_iv_;
  }

  /// Nothing was sent in it before.
  [[nodiscard]] MonoNs installed_at() const { return installed_at_; }

 private:
  struct Usage {
    std::uint64_t packets{0};
    std::uint64_t blocks{0};
  };

  bool live_{false};
  EpochInfo info_;
  MonoNs installed_at_;
  ExpandedKey send_key_{};
  ExpandedKey receive_key_{};
  std::array<std::uint8_t, kAeadIvSize> send_iv_{};
  std::array<std::uint8_t, kAeadIvSize> receive_iv_{};
  Usage sent_;
  Usage received_;
  std::vector<std::uint64_t> window_memory_;
  session::ReplayWindow window_;
};

}  // namespace jumpgate::client
