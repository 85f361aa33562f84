/// A client with the product's own Noise and codec, but none of its engines: tests decide what it says.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/control_seal.hpp"
#include "crypto/hello.hpp"
#include "fakes.hpp"
#include "wire/control.hpp"
#include "wire/handshake.hpp"

namespace jumpgate::ctl::testing {

/// The client's side, by hand: it knows keys and what it was told, nothing decides for it.
struct ScriptedClient {
  explicit ScriptedClient(base::RandomSource& random) : key(crypto::KeyPair::generate(random)) {}

  crypto::KeyPair key;
  std::uint64_t counter{0};
  std::uint64_t next_cid{1000};
  std::optional<crypto::NoiseIk> noise;
  ConnectionId hello_cid;
  wire::WelcomePayload welcome;
  crypto::RootSecret root;
  std::uint32_t generation{0};
  std::uint64_t jump_seq{0};
  std::uint64_t binding_version{1};

  [[nodiscard]] std::vector<std::uint8_t> hello(
      const PublicKey& gateway, base::RandomSource& random,
      const std::optional<crypto::Cookie>& cookie = std::nullopt,
      std::array<Suite, 4> suites = {Suite::kAes256Gcm}) {
    std::vector<std::uint8_t> out(wire::kHelloSize);
    const wire::HelloOut message(out.data(), wire::kHelloSize);
    hello_cid = ConnectionId{next_cid++};
    const wire::HelloHeader header{.version = wire::kVersion, .client_cid = hello_cid};
    wire::encode_hello_header(header, message.first<wire::kHelloHeaderSize>());
    std::array<std::uint8_t, wire::kHelloPayloadSize> payload{};
    wire::encode_hello_payload(
        {.counter = ++counter, .versions = {wire::kVersion}, .suites = suites}, payload);
    const auto prologue = wire::make_prologue(header);
    noise.emplace(crypto::NoiseIk::initiator(prologue, key.clone(), gateway));
    EXPECT_TRUE(noise->write_message1(payload, random, wire::hello_noise(message)));
    crypto::write_hello_macs(message, crypto::derive_mac1_key(gateway), cookie);
    return out;
  }

  [[nodiscard]] bool read_welcome(std::span<const std::uint8_t> message) {
    if (message.size() != wire::kWelcomeSize) return false;
    std::array<std::uint8_t, wire::kWelcomePayloadSize> payload{};
    if (!noise->read_message2(message.subspan(wire::kHandshakeHeaderSize), PresharedKey{}, payload))
      return false;
    const auto decoded = wire::decode_welcome_payload(payload);
    if (!decoded) return false;
    welcome = *decoded;
    const auto result = noise->split();
    if (!result) return false;
    root = crypto::derive_root(*result, welcome.session_id);
    generation = 0;
    binding_version = 1;
    jump_seq = 0;
    return true;
  }

  [[nodiscard]] std::optional<wire::HelloRefusal> read_refusal(
      std::span<const std::uint8_t> message) {
    if (message.size() != wire::kHelloRefusalSize) return std::nullopt;
    std::array<std::uint8_t, wire::kHelloRefusalPayloadSize> payload{};
    if (!noise->read_message2(message.subspan(wire::kHandshakeHeaderSize), PresharedKey{}, payload))
      return std::nullopt;
    const auto decoded = wire::decode_hello_refusal_payload(payload);
    if (!decoded) return std::nullopt;
    return *decoded;
  }

  /// Opens what the gateway sealed for this session; an empty payload when it does not verify.
  [[nodiscard]] std::optional<std::array<std::uint8_t, wire::kControlPayloadSize>> open(
      const Sent& sent) const {
    if (sent.bytes.size() != wire::kControlSize) return std::nullopt;
    const auto opener = crypto::derive_control_key(root, welcome.session_id, generation,
                                                   Direction::kGatewayToClient);
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    if (!crypto::open_control(crypto::ControlMessage(sent.bytes), opener.get(), payload))
      return std::nullopt;
    return payload;
  }
};

}  // namespace jumpgate::ctl::testing
