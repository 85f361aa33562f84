// What a stranger can send to a gateway and to a client during the handshake: nothing of it may be
// taken for authentic.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/connection_id.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/hello.hpp"
#include "crypto/noise_ik.hpp"

namespace {

using namespace jumpgate;

/// The stranger does not know these keys; the input can not depend on them.
std::array<std::uint8_t, 32> secret(std::uint8_t fill) {
  std::array<std::uint8_t, 32> out{};
  out.fill(fill);
  return out;
}

void require(bool condition) {
  if (!condition) std::abort();
}

void hello(std::span<const std::uint8_t> in) {
  std::array<std::uint8_t, wire::kHelloSize> bytes{};
  std::copy_n(in.begin(), std::min(bytes.size(), in.size()), bytes.begin());
  require(!crypto::verify_mac1(bytes, secret(1)));
  crypto::NoiseIk responder =
      crypto::NoiseIk::responder({}, crypto::KeyPair::from_private(secret(2)));
  std::array<std::uint8_t, wire::kHelloPayloadSize> payload{};
  require(!responder.read_message1(wire::hello_noise(wire::HelloBytes(bytes)), payload));
}

void control(std::span<const std::uint8_t> in) {
  std::array<std::uint8_t, wire::kControlSize> bytes{};
  std::copy_n(in.begin(), std::min(bytes.size(), in.size()), bytes.begin());
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  require(!crypto::open_control(bytes, secret(3), payload));
}

void connection_ids(std::span<const std::uint8_t> in) {
  if (!crypto::CidCipher::supported()) return;
  static const crypto::CidCipher cipher(std::array<std::uint8_t, 16>{4, 5, 6});
  for (std::size_t i = 0; i + 8 <= in.size(); i += 8) {
    const ConnectionId cid{base::load_le64(in.data() + i)};
    const auto fields = cipher.decode(cid);
    if (fields) require(cipher.encode(*fields) == cid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> exact(data, data + size);
  hello(exact);
  control(exact);
  connection_ids(exact);
  require(!crypto::open_cookie_reply(exact, crypto::Mac{}, secret(5)));
  return 0;
}
