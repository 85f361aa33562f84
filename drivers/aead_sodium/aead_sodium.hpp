/// AEAD by libsodium: the reference that every other driver is compared with, and the portable
/// choice of the client.
///
/// Owner thread, bound, failure: as <jumpgate/aead.hpp> says. AES-256-GCM exists only where the CPU
/// has AES instructions; ChaCha20-Poly1305 (RFC 8439) everywhere.
#pragma once

#include <memory>

#include <jumpgate/aead.hpp>

namespace jumpgate::aead_sodium {

/// Nothing when the suite is unknown or this CPU can not do it.
[[nodiscard]] std::unique_ptr<Aead> make_aead(Suite suite);

}  // namespace jumpgate::aead_sodium
