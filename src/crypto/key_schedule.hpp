/// The key schedule (spec/keys.md "Derivation"): every key of a session from its root, with the
/// session's id inside. B(key, n, ...) is BLAKE2b keyed with `key`, digest of n bytes, over the
/// parts in order, integers little-endian.
///
/// Owner thread: any; pure functions. Bound: one or two compressions each; rekey costs one X25519.
/// Failure: only rekey, by an ephemeral of small order. The caller owns what is returned; it wipes
/// itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/types.hpp>

#include "base/secret.hpp"
#include "crypto/noise_ik.hpp"
#include "crypto/x25519.hpp"

namespace jumpgate::crypto {

using RootSecret = base::Secret<RootKey>;
using ControlSecret = base::Secret<ControlKey>;
using TrafficSecret = base::Secret<TrafficKey>;
using MacKey = std::array<std::uint8_t, 32>;  // of mac1 and of cookie replies: derived from a
                                              // public key, no secret
using ResetKey = base::SecretArray<32>;       // of a node, persistent

/// root_0 = B(k1 || k2, 64, "JVP/1 root", session_id, handshake hash)
[[nodiscard]] RootSecret derive_root(const NoiseResult& noise, const SessionId& session_id);

/// B(root_g, 32, "JVP/1 control", session_id, g u32, direction u8)
[[nodiscard]] ControlSecret derive_control_key(const RootSecret& root, const SessionId& session_id,
                                               std::uint32_t generation, Direction direction);

/// Everything a traffic key is bound to; `generation` is the root's.
struct TrafficContext {
  SessionId session_id;
  std::uint32_t generation{0};
  std::uint64_t epoch{0};
  std::uint64_t binding_version{0};
  std::uint64_t owner_epoch{0};
  Suite suite{};
  Direction direction{};
};
/// B(root_g, 44, "JVP/1 traffic", session_id, g, epoch, binding_version, owner_epoch, suite,
/// direction) = key || iv
[[nodiscard]] TrafficSecret derive_traffic_key(const RootSecret& root,
                                               const TrafficContext& context);

/// The two public keys of a rekey, by role.
struct RekeyExchange {
  PublicKey client_ephemeral{};
  PublicKey gateway_ephemeral{};
};
/// root_{g+1} = B(root_g, 64, "JVP/1 rekey", session_id, (g+1) u32, X25519, client ephemeral,
/// gateway ephemeral). `own` is our ephemeral's private half, `own_sends` our sending direction,
/// which says which of the two is ours. Nothing when X25519 is zero.
[[nodiscard]] std::optional<RootSecret> derive_rekeyed_root(
    const RootSecret& root, const SessionId& session_id, std::uint32_t next_generation,
    const PrivateSecret& own, Direction own_sends, const RekeyExchange& exchange);

/// B(K_reset, 16, "JVP/1 reset", cid u64)
[[nodiscard]] ResetToken derive_reset_token(const ResetKey& key, ConnectionId cid);

/// BLAKE2b-256("JVP/1 mac1" || gateway's static public key)
[[nodiscard]] MacKey derive_mac1_key(const PublicKey& gateway_static);
/// BLAKE2b-256("JVP/1 cookie" || gateway's static public key)
[[nodiscard]] MacKey derive_cookie_key(const PublicKey& gateway_static);

}  // namespace jumpgate::crypto
