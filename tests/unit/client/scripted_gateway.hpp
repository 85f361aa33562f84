/// A gateway of the smallest kind for the client's tests: real Noise, real keys, real AEAD; one
/// session at a time; no policy but what a test sets. It answers at once and keeps no timers but its
/// heartbeat.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <jumpgate/aead.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "crypto/hello.hpp"
#include "crypto/key_schedule.hpp"
#include "session/policy.hpp"
#include "support/seeded_random.hpp"

namespace jumpgate::client::testing {

using Message = std::vector<std::uint8_t>;

class ScriptedGateway {
 public:
  using Send = std::function<void(const Endpoint& to, const Message& message)>;

  ScriptedGateway(const PublicKey& client, Send send);

  [[nodiscard]] const PublicKey& public_key() const { return own_.public_key; }
  void on_datagram(const Endpoint& from, Message message, MonoNs now);
  void tick(MonoNs now);
  [[nodiscard]] MonoNs next_deadline() const { return attached_ ? next_heartbeat_ : kNever; }

  void send_data(const Message& inner);
  void send_heartbeat(MonoNs now);
  void send_close(Reason reason);
  void send_control_close(std::uint64_t seq, const SessionId& named);
  void send_reset(const ResetToken& token, const Endpoint& to);
  /// An in-place or rebinding check: a CHALLENGE to each of the addresses, a token each.
  void challenge(wire::ChallengeKind kind, const std::vector<Endpoint>& to);
  void forget_session() {
    attached_ = false;
    epochs_.clear();
    ids_.clear();
    jump_ids_.clear();
  }

  [[nodiscard]] ResetToken token_of(ConnectionId id) const;
  [[nodiscard]] ResetToken binding_token() const { return token_of(gateway_id_.cid); }

  // What a test may set.
  session::Policy policy;
  std::vector<Suite> suites{Suite::kChaCha20Poly1305, Suite::kAes256Gcm};
  bool under_load{false};
  bool refuse_version{false};
  std::optional<Reason> refuse_hello;
  std::uint64_t highest_counter{0};
  std::optional<wire::Refusal>
      refuse_jump;  // reason and retry_after_ms of the next REATTACH's refusal
  /// The number of the epoch that the next proposals name.
  std::optional<std::uint64_t> propose_epoch;
  bool reattach_wanted{false};
  bool rekey_wanted{false};
  std::optional<Reason> refuse_rekey;
  std::uint16_t announced_ms{500};  // in its heartbeats
  std::function<void(wire::WelcomePayload&)> alter_welcome;
  std::function<void(wire::PathChallenge&)> alter_challenge;
  std::function<void(wire::Refusal&)> alter_refusal;
  std::function<void(wire::RekeyReply&)> alter_reply;
  std::function<void(wire::Ack&)> alter_ack;
  std::optional<std::uint32_t> seal_under;  // a root generation other than the one in force
  bool quiet{false};                        // no heartbeats
  std::function<bool(wire::Type)> lose_outgoing;

  // What a test may ask.
  std::vector<Message> received;  // inner packets, in order
  std::map<wire::Type, unsigned> heard;
  std::map<wire::Type, unsigned> sent;
  unsigned commits{0};
  unsigned rekeys{0};
  unsigned duplicates{0};
  unsigned unopened{0};
  std::optional<Reason> closed;
  std::optional<Reason> last_cause;
  unsigned sessions{0};

  [[nodiscard]] const SessionId& session_id() const { return session_id_; }
  [[nodiscard]] std::uint64_t binding_version() const { return binding_version_; }
  [[nodiscard]] const Endpoint& bound() const { return bound_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] bool attached() const { return attached_; }

 private:
  struct Epoch {
    std::uint64_t number{0};
    std::uint32_t generation{0};
    ConnectionId gateway_cid;
    ConnectionId client_cid;
    TrafficKey send;
    TrafficKey receive;
    std::uint64_t counter{0};
    std::set<std::uint64_t> seen;
    std::uint32_t peer_time{0};
    MonoNs peer_at;
  };
  struct Exchange {
    wire::PathChallenge challenge;
    std::map<Endpoint, PathToken> tokens;
    std::vector<Message> held;
    ConnectionId answers_to;
  };

  void on_hello(const Endpoint& from, const Message& message, MonoNs now);
  void on_traffic(const Endpoint& from, Message message, MonoNs now);
  void on_control(const Endpoint& from, const Message& message, MonoNs now);
  void on_confirm(const Endpoint& from, MonoNs now);
  void on_reattach(const Endpoint& from, const wire::Reattach& reattach);
  void on_response(const Endpoint& from, const wire::PathResponse& response, MonoNs now);
  void on_rekey(const wire::Rekey& rekey);
  void confirm_rekey();
  void begin_session(const wire::HelloPayload& hello, const wire::HelloHeader& header);
  Epoch& install(std::uint64_t number, std::uint32_t generation, std::uint64_t version,
                 ConnectionId gateway_cid, ConnectionId client_cid);
  [[nodiscard]] std::uint64_t next_number() const;
  [[nodiscard]] wire::IssuedId issue();
  [[nodiscard]] wire::JumpIds issue_jump_ids();
  void propose(std::uint64_t jump_seq, wire::ChallengeKind kind, ConnectionId client_cid);
  void send_challenge(const Endpoint& to);
  void send_ack(wire::Ack ack, ConnectionId to_cid, const Endpoint& to);
  void send_control(wire::Type type, ConnectionId to_cid, const Endpoint& to,
                    std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                    std::uint8_t id_key_phase = 0);
  void send_traffic(wire::Type type, const Message& plaintext);
  void send(const Endpoint& to, const Message& message);
  [[nodiscard]] Aead& aead() { return suite_ == Suite::kAes256Gcm ? *gcm_ : *chacha_; }

  test::SeededRandom random_;
  crypto::KeyPair own_;
  PublicKey client_;
  Send send_;
  std::unique_ptr<Aead> gcm_;
  std::unique_ptr<Aead> chacha_;
  std::optional<crypto::CookieJar> jar_;
  crypto::ResetKey reset_key_;

  SessionId session_id_;
  Suite suite_{};
  std::uint64_t hello_counter_{0};
  bool attached_{false};
  std::map<std::uint32_t, crypto::RootSecret> roots_;
  std::uint32_t generation_{0};
  std::optional<std::uint32_t> pending_generation_;
  std::uint64_t pending_epoch_{0};
  std::optional<wire::RekeyReply> last_reply_;
  std::map<std::uint64_t, Epoch> epochs_;
  std::uint64_t current_{0};
  std::uint64_t highest_{0};
  std::uint64_t binding_version_{0};
  Endpoint bound_;
  wire::IssuedId gateway_id_;
  ConnectionId client_cid_;
  std::set<ConnectionId> ids_;
  std::vector<wire::JumpIds> jump_ids_;
  std::uint64_t jump_seq_{0};
  std::uint64_t challenge_seq_{0};
  std::optional<Exchange> exchange_;
  std::optional<wire::Ack> last_ack_;
  MonoNs next_heartbeat_{kNever};
};

}  // namespace jumpgate::client::testing
