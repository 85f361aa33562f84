/// The client's side of the handshake (spec/handshake.md "The client"): HELLO until WELCOME.
///
/// Purpose: one HELLO out at a time, each with its own ephemeral, counter and client id; its
/// answers judged. Which uplink carries it is the engine's choice. Owner thread: the client's loop.
/// Bound: one Noise state; HELLOs at 1 s growing to 5 s and up to 333 ms at random; one cookie an
/// uplink. Failure: an answer that does not verify is a counted drop and changes nothing; a counter
/// that can not be written stops the HELLO and is reported.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/random.hpp"
#include "client/output.hpp"
#include "client/session_core.hpp"
#include "crypto/hello.hpp"
#include "crypto/noise_ik.hpp"

namespace jumpgate::client {

/// Who we are, whom we trust, what we offer.
struct Identity {
  crypto::KeyPair own;
  PublicKey gateway{};
  base::Secret<PresharedKey> preshared;
  std::array<Suite, 4> suites{};  // in order of preference, kNone at the end
};

inline constexpr Duration kHelloTimeout = seconds(1);
inline constexpr Duration kHelloTimeoutMax = seconds(5);
inline constexpr Duration kHelloJitter = milliseconds(333);

/// What the user is told while there is no session.
struct HandshakeReport {
  std::uint64_t hellos{0};
  Reason refused{Reason::kNone};  // sealed, so it is the gateway's word
  bool version_refused{false};    // a hint that anyone can send
  bool answer_not_verified{false};
  bool counter_not_written{false};
};

class HandshakeClient {
 public:
  HandshakeClient(Identity&& identity, CounterStore& counters, base::RandomSource& random);

  /// The first HELLO is due at `first`, over the uplink after `failed`; no effect while running.
  void start(MonoNs first, UplinkId failed = kNoUplink);
  void stop();
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] bool due(MonoNs now) const { return running_ && now >= next_hello_; }
  [[nodiscard]] MonoNs next_deadline() const { return running_ ? next_hello_ : kNever; }
  [[nodiscard]] UplinkId last_uplink() const { return uplink_; }
  /// The gateway answered the last HELLO and asked for another: over the same uplink.
  [[nodiscard]] bool stays() const { return stays_; }

  /// Sends the HELLO that is due.
  void send_hello(UplinkId uplink, const Endpoint& gateway, Output& output, MonoNs now);
  /// Any message of the handshake class. The session's beginning when it is a WELCOME that holds.
  [[nodiscard]] std::optional<WelcomeResult> on_answer(std::span<const std::uint8_t> message,
                                                       UplinkId uplink, const Endpoint& from,
                                                       DropCounters& drops, MonoNs now);

  [[nodiscard]] const HandshakeReport& report() const { return report_; }

 private:
  struct StoredCookie {
    crypto::Cookie cookie{};
    MonoNs until;
  };

  [[nodiscard]] std::optional<DropReason> fault(std::span<const std::uint8_t> message,
                                                UplinkId uplink, const Endpoint& from) const;
  void on_cookie(std::span<const std::uint8_t> message, DropCounters& drops, MonoNs now);
  void on_refusal(std::span<const std::uint8_t> message, DropCounters& drops, MonoNs now);
  [[nodiscard]] std::optional<WelcomeResult> on_welcome(std::span<const std::uint8_t> message,
                                                        DropCounters& drops, MonoNs now);
  [[nodiscard]] bool plausible(const wire::WelcomePayload& welcome) const;

  Identity identity_;
  CounterStore& counters_;
  base::RandomSource& random_;
  crypto::MacKey mac1_key_;
  crypto::MacKey cookie_key_;
  bool running_{false};
  MonoNs next_hello_{kNever};
  Duration timeout_{kHelloTimeout};
  std::uint64_t counter_;
  // The HELLO that is out.
  std::optional<crypto::NoiseIk> noise_;
  UplinkId uplink_{kNoUplink};
  Endpoint gateway_;
  ConnectionId client_cid_;
  crypto::Mac mac1_{};
  MonoNs sent_at_;
  bool cookie_taken_{false};
  bool counter_raised_{false};
  bool stays_{false};
  std::array<std::optional<StoredCookie>, limits::kMaxUplinks> cookies_;
  HandshakeReport report_;
};

}  // namespace jumpgate::client
