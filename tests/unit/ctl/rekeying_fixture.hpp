/// An attached client that rekeys, written by hand: its REKEYs, and what it makes of the replies.
///
/// Owner thread: one. Bound: one rekey at a time. Failure: a gtest assertion.
#pragma once

#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {

class Rekeying : public AttachedTest {
 protected:
  [[nodiscard]] wire::Rekey request(std::uint64_t seq) {
    return {.generation = alice_.generation + 1,
            .reason = Reason::kTimeElapsed,
            .binding_version = alice_.binding_version,
            .ephemeral = ephemeral_.public_key,
            .rekey_seq = seq};
  }
  void send(const wire::Rekey& message) {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    wire::encode_rekey(message, payload);
    control(alice_, wire::Type::kRekey, payload, kWifi);
  }
  void usage(std::uint64_t epoch, std::uint64_t kind) {
    bus::Report made = report(alice_, bus::ReportKind::kKeyUsage, kWifi, kind);
    made.epoch = epoch;
    gateway_->on_report(made, now_);
    collect();
  }
  [[nodiscard]] std::optional<wire::RekeyReply> last_reply() {
    return last_sent(alice_, wire::Type::kRekeyReply, wire::decode_rekey_reply);
  }
  /// The client takes the reply: from here on it speaks under the next generation.
  void take(const wire::RekeyReply& reply) {
    auto root = crypto::derive_rekeyed_root(
        alice_.root, alice_.welcome.session_id, reply.generation, ephemeral_.private_key,
        Direction::kClientToGateway,
        {.client_ephemeral = ephemeral_.public_key, .gateway_ephemeral = reply.ephemeral});
    ASSERT_TRUE(root);
    alice_.root = std::move(*root);
    alice_.generation = reply.generation;
  }

  crypto::KeyPair ephemeral_ = crypto::KeyPair::generate(random_);
};

}  // namespace jumpgate::ctl::testing
