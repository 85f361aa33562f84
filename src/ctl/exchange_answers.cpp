// What an exchange tells the client: acknowledgements and refusals, kept for their repetitions.
#include <algorithm>

#include "base/secret.hpp"
#include "ctl/exchange.hpp"
#include "wire/control.hpp"

namespace jumpgate::ctl {

void Exchanges::acknowledge(Session& session) {
  const KeptAnswer& answer = session.answer;
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_ack({.subject = wire::Type::kPathResponse,
                    .binding_version = session.record.binding_version(),
                    .epoch = session.epochs.current(),
                    .jump_seq = answer.jump_seq,
                    .challenge_seq = answer.challenge_seq},
                   payload);
  core_.send_control(session, wire::Type::kAck, answer.client_cid, payload, answer.local,
                     answer.remote);
}

bool Exchanges::answer_again(Session& session, const wire::PathResponse& message,
                             const Endpoint& from) {
  KeptAnswer& answer = session.answer;
  if (answer.kind != KeptAnswer::Kind::kCommit || answer.challenge_seq != message.challenge_seq ||
      !base::equal_constant_time(answer.token, message.token) || from != answer.remote ||
      answer.repeats >= limits::kMaxAnswerRepeats)
    return false;
  if (!answer.acknowledged) return true;  // the first ACK is on its way
  ++answer.repeats;
  acknowledge(session);
  return true;
}

void Exchanges::refuse(Session& session, std::uint64_t jump_seq, Reason reason,
                       Duration retry_after, ConnectionId client_cid, const Endpoint& local,
                       const Endpoint& remote) {
  constexpr std::int64_t kMaxRetryMs = UINT32_MAX;
  session.answer = KeptAnswer{.kind = KeptAnswer::Kind::kRefusal,
                              .jump_seq = jump_seq,
                              .remote = remote,
                              .local = local,
                              .client_cid = client_cid,
                              .reason = reason,
                              .retry_after_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
                                  (retry_after + nanoseconds(999'999)).ms(), 0, kMaxRetryMs))};
  core_.counters.add(ControllerCounter::kReattachRefused);
  repeat_refusal(session);
}

void Exchanges::repeat_refusal(Session& session) {
  const KeptAnswer& answer = session.answer;
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_refusal({.jump_seq = answer.jump_seq,
                        .reason = answer.reason,
                        .retry_after_ms = answer.retry_after_ms,
                        .binding_version = session.record.binding_version(),
                        .epoch = session.epochs.current(),
                        .root_generation = session.record.root_generation(),
                        .gateway_cid = session.binding->gateway_cid,
                        .client_cid = session.binding->client_cid},
                       payload);
  core_.send_control(session, wire::Type::kRefusal, answer.client_cid, payload, answer.local,
                     answer.remote);
}

}  // namespace jumpgate::ctl
