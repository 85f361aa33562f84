/// From a HELLO to a session that is ATTACHED (spec/handshake.md "The gateway").
///
///   HELLO -> Admission -> thread reads it -> counter, suite, capacity -> BIRTH -> thread writes
///   WELCOME
///         -> worker has keys and ids -> WELCOME leaves -> CONFIRM -> ATTACHED -> worker is bound
///         -> ACK
///
/// Owner thread: the controller. Bound: the pool of jobs (each holds its HELLO until WELCOME has
/// left), one BIRTH a peer, kHandshakeTimeout. Failure: a named drop, or a sealed refusal; a
/// session that can not be told to its worker yet is tried again next tick.
#pragma once

#include <span>

#include "ctl/admission.hpp"
#include "ctl/closing.hpp"
#include "ctl/core.hpp"

namespace jumpgate::ctl {

class Handshakes {
 public:
  Handshakes(Core& core, Closing& closing, MonoNs now);

  void on_hello(std::span<const std::uint8_t> datagram, const Endpoint& from, const Endpoint& to,
                std::uint8_t worker, MonoNs now);
  /// A job of one of the kinds about HELLO came back.
  void on_job(HandshakeJob* job, MonoNs now);
  /// The worker has the session of a BIRTH.
  void on_installed(Session& session, MonoNs now);
  /// `generation` here and below: the one whose key opened the message.
  void on_confirm(Session& session, const wire::Confirm& message, std::uint32_t generation,
                  const Endpoint& from, const Endpoint& to, MonoNs now);
  /// The worker has the first binding.
  void on_attached(Session& session);
  /// Tries again what found no free command.
  void retry(Session& session, MonoNs now);

 private:
  void on_read(HandshakeJob* job, MonoNs now);
  void on_written(HandshakeJob* job, MonoNs now);
  void refuse(HandshakeJob* job, Reason reason, std::uint64_t highest);
  void drop(HandshakeJob* job, DropReason reason, MonoNs now);
  [[nodiscard]] Suite choose_suite(const config::PeerConfig& peer,
                                   const wire::HelloPayload& offer) const;
  [[nodiscard]] Session* make_birth(HandshakeJob& job, Suite suite, std::uint64_t counter,
                                    MonoNs now);
  [[nodiscard]] bool fill_welcome(Session& session, HandshakeJob& job);
  void install(Session& session, MonoNs now);
  void on_repeated_confirm(Session& session, MonoNs now);
  /// BIRTH -> ATTACHED.
  void attach(Session& session, const Endpoint& from, const Endpoint& to, MonoNs now);
  /// The one session of its peer from now on: its former one ends in the same step.
  void make_current(Session& session, MonoNs now);
  void acknowledge(Session& session);

  Core& core_;
  Closing& closing_;
  Admission admission_;
};

}  // namespace jumpgate::ctl
