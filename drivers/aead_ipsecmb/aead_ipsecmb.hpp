/// AEAD by intel-ipsec-mb: the gateway's driver. AES-256-GCM through the direct API,
/// ChaCha20-Poly1305 through bursts of jobs, each by the way that is faster for it.
///
/// Owner thread, bound, failure: as <jumpgate/aead.hpp> says; each object holds a multi-buffer
/// manager of its own.
#pragma once

#include <memory>

#include <jumpgate/aead.hpp>

namespace jumpgate::aead_ipsecmb {

/// Nothing when the suite is unknown or this CPU can not do it (x86-64 with AES and PCLMULQDQ is
/// needed).
[[nodiscard]] std::unique_ptr<Aead> make_aead(Suite suite);

}  // namespace jumpgate::aead_ipsecmb
