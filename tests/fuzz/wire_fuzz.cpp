// Every decoder of src/wire on arbitrary bytes. What decodes must encode to the bytes that were
// read.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "wire/control.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"
#include "wire/traffic.hpp"

namespace {

using namespace jumpgate::wire;
using Input = std::span<const std::uint8_t>;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Decodes N bytes (input cut or padded with zeros) and compares what they encode to.
template <std::size_t N, class Decode, class Encode>
void canonical(Input input, Decode decode, Encode encode) {
  std::array<std::uint8_t, N> bytes{};
  std::copy_n(input.begin(), std::min(N, input.size()), bytes.begin());
  const auto message = decode(std::span<const std::uint8_t, N>(bytes));
  if (!message) return;
  std::array<std::uint8_t, N> again;
  again.fill(0xee);
  encode(*message, std::span<std::uint8_t, N>(again));
  require(again == bytes);
}

/// A whole message, of any length; `size` bytes of it are what encode writes.
template <std::size_t Size, class Decode, class Encode>
void message(Input input, Decode decode, Encode encode) {
  const auto read = decode(input);
  if (!read) return;
  std::array<std::uint8_t, Size> again{};
  encode(*read, std::span<std::uint8_t, Size>(again));
  require(std::equal(again.begin(), again.end(), input.begin()));
}

void control(Input in) {
  canonical<kControlPayloadSize>(in, decode_confirm, encode_confirm);
  canonical<kControlPayloadSize>(in, decode_reattach, encode_reattach);
  canonical<kControlPayloadSize>(in, decode_path_challenge, encode_path_challenge);
  canonical<kControlPayloadSize>(in, decode_path_response, encode_path_response);
  canonical<kControlPayloadSize>(in, decode_ack, encode_ack);
  canonical<kControlPayloadSize>(in, decode_refusal, encode_refusal);
  canonical<kControlPayloadSize>(in, decode_rekey, encode_rekey);
  canonical<kControlPayloadSize>(in, decode_rekey_reply, encode_rekey_reply);
  canonical<kControlPayloadSize>(in, decode_control_close, encode_control_close);
}

void handshake(Input in) {
  canonical<kWelcomePayloadSize>(in, decode_welcome_payload, encode_welcome_payload);
  canonical<kHelloRefusalPayloadSize>(in, decode_hello_refusal_payload,
                                      encode_hello_refusal_payload);
  // No comparison: suites that we do not know are left out.
  std::array<std::uint8_t, kHelloPayloadSize> hello{};
  std::copy_n(in.begin(), std::min(hello.size(), in.size()), hello.begin());
  (void)decode_hello_payload(hello);
}

void messages(Input in) {
  message<kPrefixSize>(in, parse_prefix, write_prefix);
  message<kHelloHeaderSize>(in, decode_hello_header, encode_hello_header);
  message<kHandshakeHeaderSize>(in, decode_answer_header, encode_answer_header);
  message<kVersionRefusalSize>(in, decode_version_refusal, encode_version_refusal);
  message<kResetSize>(in, decode_reset, encode_reset);
  message<kHeartbeatSize>(in, decode_heartbeat, encode_heartbeat);
  message<kCloseSize>(in, decode_close, encode_close);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // An own block of exactly this size: libFuzzer's buffer may be larger.
  const std::vector<std::uint8_t> exact(data, data + size);
  control(exact);
  handshake(exact);
  messages(exact);
  return 0;
}
