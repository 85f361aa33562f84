/// `jump genkey|pubkey`: X25519 keys in WireGuard's base64 form, standard input to standard output.
///
/// Owner thread: main. Bound: one key. Failure: one line on stderr, exit status 1. Buffers that
/// held a private key are wiped.
#pragma once

namespace jumpgate::jump {

[[nodiscard]] int generate_key();
[[nodiscard]] int public_key();

}  // namespace jumpgate::jump
