/// Work with Diffie-Hellman in it, and the bounded queue to the threads that do it.
///
/// A job goes back and forth between controller and thread: read a HELLO, then write its answer; or
/// the exchange of a rekey. Purpose: no X25519 on the controller or a worker. Owner thread: whoever
/// has the job; the queue's calls are the controller's. Bound: a fixed pool of jobs; holding one is
/// the place in every queue, so submit() can not fail. Failure: obtain() returns nothing, the HELLO
/// is dropped and counted. Secrets are wiped by release().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <jumpgate/drops.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/random.hpp"
#include "bus/messages.hpp"
#include "crypto/key_schedule.hpp"
#include "crypto/noise_ik.hpp"
#include "ctl/roster.hpp"

namespace jumpgate::ctl {

struct HandshakeJob {
  enum class Kind : std::uint8_t { kReadHello, kWriteWelcome, kWriteRefusal, kRekey };
  Kind kind{Kind::kReadHello};
  std::uint64_t number{0};  // in a recording; 0: none yet

  // kReadHello in; kept for the answer.
  std::array<std::uint8_t, wire::kHelloSize> hello{};
  wire::HelloHeader header;
  Endpoint from;
  Endpoint to;
  std::uint8_t worker{0};
  std::shared_ptr<const Roster> peers;  // until the HELLO is read
  // kReadHello out.
  std::optional<DropReason> failure;
  std::uint32_t peer{0};
  PublicKey remote{};  // the static key that the HELLO proves
  std::array<std::uint8_t, wire::kHelloPayloadSize> payload{};
  std::optional<crypto::NoiseIk> noise;
  config::SecretKey preshared_key;

  // kWriteWelcome, kWriteRefusal in; the answer is a whole datagram. Rekey: `session` too.
  bus::SessionRef session;
  SessionId session_id;
  wire::WelcomePayload welcome;
  std::uint8_t id_key_phase{0};
  wire::HelloRefusal refusal;
  std::array<std::uint8_t, wire::kWelcomeSize> answer{};
  std::size_t answer_size{0};

  // kRekey in: root of the present generation, the client's ephemeral, the generation to make.
  std::uint32_t generation{0};
  std::uint64_t rekey_seq{0};
  PublicKey client_ephemeral{};
  // kRekey out.
  PublicKey gateway_ephemeral{};
  // kWriteWelcome, kRekey out; kRekey in as well.
  crypto::RootSecret root;
};

/// Does the job with the gateway's static key; the same function in threads, tests and simulation.
void run_job(HandshakeJob& job, const crypto::KeyPair& own, base::RandomSource& random);
/// Wipes what a job holds.
void clear_job(HandshakeJob& job);

class HandshakeQueue {
 public:
  virtual ~HandshakeQueue() = default;
  [[nodiscard]] virtual HandshakeJob* obtain() = 0;
  virtual void submit(HandshakeJob* job) = 0;
  /// A job that is done; nothing when none is.
  [[nodiscard]] virtual HandshakeJob* poll() = 0;
  /// Wipes it and gives it back.
  virtual void release(HandshakeJob* job) = 0;
  /// Jobs obtained and not released.
  [[nodiscard]] virtual std::size_t in_use() const = 0;
};

}  // namespace jumpgate::ctl
