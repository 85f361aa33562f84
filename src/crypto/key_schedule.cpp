#include "crypto/key_schedule.hpp"

#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "crypto/blake2b.hpp"

namespace jumpgate::crypto {
namespace {

MacKey public_key_digest(std::string_view label, const PublicKey& gateway_static) {
  return Blake2b(32).update(label).update(gateway_static).finish<32>();
}

}  // namespace

RootSecret derive_root(const NoiseResult& noise, const SessionId& session_id) {
  base::SecretArray<64> key;
  base::ByteWriter w(key.get());
  w.bytes(noise.initiator_to_responder.get());
  w.bytes(noise.responder_to_initiator.get());
  RootSecret root;
  Blake2b(64, key.get())
      .update("JVP/1 root")
      .update(session_id.bytes)
      .update(noise.handshake_hash)
      .finish(root.get());
  return root;
}

ControlSecret derive_control_key(const RootSecret& root, const SessionId& session_id,
                                 std::uint32_t generation, Direction direction) {
  ControlSecret key;
  Blake2b(32, root.get())
      .update("JVP/1 control")
      .update(session_id.bytes)
      .u32(generation)
      .u8(static_cast<std::uint8_t>(direction))
      .finish(key.get());
  return key;
}

TrafficSecret derive_traffic_key(const RootSecret& root, const TrafficContext& context) {
  base::SecretArray<44> material;
  Blake2b(44, root.get())
      .update("JVP/1 traffic")
      .update(context.session_id.bytes)
      .u32(context.generation)
      .u64(context.epoch)
      .u64(context.binding_version)
      .u64(context.owner_epoch)
      .u8(static_cast<std::uint8_t>(context.suite))
      .u8(static_cast<std::uint8_t>(context.direction))
      .finish(material.get());
  TrafficSecret out;
  std::copy_n(material.get().begin(), 32, out.get().key.begin());
  std::copy_n(material.get().begin() + 32, 12, out.get().iv.begin());
  return out;
}

std::optional<RootSecret> derive_rekeyed_root(const RootSecret& root, const SessionId& session_id,
                                              std::uint32_t next_generation,
                                              const PrivateSecret& own, Direction own_sends,
                                              const RekeyExchange& exchange) {
  const PublicKey& peer = own_sends == Direction::kClientToGateway ? exchange.gateway_ephemeral
                                                                   : exchange.client_ephemeral;
  const std::optional<SharedSecret> shared = x25519(own, peer);
  if (!shared) return std::nullopt;
  RootSecret next;
  Blake2b(64, root.get())
      .update("JVP/1 rekey")
      .update(session_id.bytes)
      .u32(next_generation)
      .update(shared->get())
      .update(exchange.client_ephemeral)
      .update(exchange.gateway_ephemeral)
      .finish(next.get());
  return next;
}

ResetToken derive_reset_token(const ResetKey& key, ConnectionId cid) {
  return Blake2b(16, key.get()).update("JVP/1 reset").u64(cid.value).finish<16>();
}

MacKey derive_mac1_key(const PublicKey& gateway_static) {
  return public_key_digest("JVP/1 mac1", gateway_static);
}

MacKey derive_cookie_key(const PublicKey& gateway_static) {
  return public_key_digest("JVP/1 cookie", gateway_static);
}

}  // namespace jumpgate::crypto
