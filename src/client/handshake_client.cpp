#include "client/handshake_client.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::client {
namespace {

constexpr std::uint64_t kLastCounter = std::numeric_limits<std::uint64_t>::max();

}  // namespace

HandshakeClient::HandshakeClient(Identity&& identity, CounterStore& counters,
                                 base::RandomSource& random)
    : identity_(std::move(identity)),
      counters_(counters),
      random_(random),
      mac1_key_(crypto::derive_mac1_key(identity_.gateway)),
      cookie_key_(crypto::derive_cookie_key(identity_.gateway)),
      counter_(counters.last()) {}

void HandshakeClient::start(MonoNs first, UplinkId failed) {
  if (running_) return;
  running_ = true;
  next_hello_ = first;
  timeout_ = kHelloTimeout;
  uplink_ = failed;
  counter_raised_ = false;
  stays_ = false;
  report_ = {};
}

void HandshakeClient::stop() {
  running_ = false;
  next_hello_ = kNever;
  noise_.reset();
}

void HandshakeClient::send_hello(UplinkId uplink, const Endpoint& gateway, Output& output,
                                 MonoNs now) {
  next_hello_ = now + timeout_ +
                nanoseconds(static_cast<std::int64_t>(
                    random_.below(static_cast<std::uint64_t>(kHelloJitter.ns))));
  timeout_ = std::min(timeout_ * 3 / 2, kHelloTimeoutMax);
  noise_.reset();
  // On disk before it is sent: a counter used twice would be refused for ever.
  if (counter_ == kLastCounter || !counters_.write(counter_ + 1)) {
    report_.counter_not_written = true;
    return;
  }
  report_.counter_not_written = false;
  ++counter_;
  ++report_.hellos;

  uplink_ = uplink;
  gateway_ = gateway;
  client_cid_ = {random_.nonzero_u64()};
  sent_at_ = now;
  cookie_taken_ = false;
  stays_ = false;
  const wire::HelloHeader header{.version = wire::kVersion, .client_cid = client_cid_};
  noise_ = crypto::NoiseIk::initiator(wire::make_prologue(header), identity_.own.clone(),
                                      identity_.gateway);

  wire::HelloPayload payload;
  payload.counter = counter_;
  payload.versions[0] = wire::kVersion;
  payload.suites = identity_.suites;
  std::array<std::uint8_t, wire::kHelloPayloadSize> plaintext{};
  wire::encode_hello_payload(payload, plaintext);
  std::array<std::uint8_t, wire::kHelloSize> message{};
  wire::encode_hello_header(header, std::span(message).first<wire::kHelloHeaderSize>());
  if (!noise_->write_message1(plaintext, random_, wire::hello_noise(wire::HelloOut(message)))) {
    noise_.reset();  // the configured gateway key is of small order: no handshake is possible
    return;
  }
  std::optional<crypto::Cookie> cookie;
  if (const auto& stored = cookies_.at(uplink); stored && now < stored->until) {
    cookie = stored->cookie;
  }
  crypto::write_hello_macs(message, mac1_key_, cookie);
  std::ranges::copy(wire::hello_mac1(wire::HelloBytes(message)), mac1_.begin());
  const TxDatagram datagram{.bytes = message, .to = gateway};
  output.send(uplink, {&datagram, 1});
}

std::optional<DropReason> HandshakeClient::fault(std::span<const std::uint8_t> message,
                                                 UplinkId uplink, const Endpoint& from) const {
  const auto header = wire::decode_answer_header(message);
  if (!header) return header.error();
  if (!running_ || !noise_ || header->client_cid != client_cid_ || uplink != uplink_ ||
      from != gateway_) {
    return DropReason::kCidUnknown;
  }
  if (header->version != wire::kVersion) return DropReason::kHelloBadVersion;
  return std::nullopt;
}

std::optional<WelcomeResult> HandshakeClient::on_answer(std::span<const std::uint8_t> message,
                                                        UplinkId uplink, const Endpoint& from,
                                                        DropCounters& drops, MonoNs now) {
  const auto type = static_cast<wire::Type>(message[0]);
  if (type == wire::Type::kVersionRefusal) {
    const auto refusal = wire::decode_version_refusal(message);
    if (!refusal) {
      drops.add(refusal.error());
    } else if (refusal->client_cid == client_cid_ && from == gateway_) {
      report_.version_refused = true;
    } else {
      drops.add(DropReason::kCidUnknown);
    }
    return std::nullopt;
  }
  if (const auto reason = fault(message, uplink, from)) {
    drops.add(*reason);
    return std::nullopt;
  }
  if (type == wire::Type::kWelcome) return on_welcome(message, drops, now);
  if (type == wire::Type::kCookieReply) on_cookie(message, drops, now);
  if (type == wire::Type::kHelloRefusal) on_refusal(message, drops, now);
  return std::nullopt;
}

void HandshakeClient::on_cookie(std::span<const std::uint8_t> message, DropCounters& drops,
                                MonoNs now) {
  const auto cookie =
      cookie_taken_ ? std::nullopt : crypto::open_cookie_reply(message, mac1_, cookie_key_);
  if (!cookie) {
    drops.add(cookie_taken_ ? DropReason::kControlStale : DropReason::kAuthFailed);
    return;
  }
  // Nothing but the cookie changes: neither where we send nor how the timer grows.
  cookie_taken_ = true;
  cookies_.at(uplink_) = StoredCookie{.cookie = *cookie, .until = now + limits::kCookieLifetime};
  next_hello_ = now;
  stays_ = true;
}

void HandshakeClient::on_refusal(std::span<const std::uint8_t> message, DropCounters& drops,
                                 MonoNs now) {
  std::array<std::uint8_t, wire::kHelloRefusalPayloadSize> payload{};
  if (!noise_->read_message2(message.subspan(wire::kHandshakeHeaderSize), identity_.preshared.get(),
                             payload)) {
    report_.answer_not_verified = true;
    drops.add(DropReason::kHelloBadNoise);
    return;
  }
  noise_.reset();
  const auto refusal = wire::decode_hello_refusal_payload(payload);
  if (!refusal) {
    drops.add(refusal.error());
    return;
  }
  // Above the last counter there is none: taken, it would keep us from this gateway for ever.
  if (refusal->highest_counter == kLastCounter) {
    drops.add(DropReason::kWireBadField);
    return;
  }
  report_.refused = refusal->reason;
  stays_ = true;
  if (refusal->reason == Reason::kHelloCounterLow) {
    counter_ = std::max(counter_, refusal->highest_counter);
    if (!std::exchange(counter_raised_, true)) next_hello_ = now;
    return;
  }
  next_hello_ = now + kHelloTimeoutMax;
}

bool HandshakeClient::plausible(const wire::WelcomePayload& welcome) const {
  if (welcome.binding_version != 1 || welcome.epoch != 1) return false;
  if (std::ranges::find(identity_.suites, welcome.suite) == identity_.suites.end()) return false;
  if (welcome.jump_id_count == 0 || welcome.jump_id_count > limits::kMaxJumpIds ||
      welcome.address_count == 0 || welcome.address_count > limits::kMaxInnerAddresses ||
      welcome.session_id == SessionId{}) {
    return false;
  }
  for (std::size_t i = 0; i < welcome.jump_id_count; ++i) {
    const ConnectionId id = welcome.jump_ids.at(i).cid;
    if (id.value == 0 || id == welcome.gateway_id.cid) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (welcome.jump_ids.at(j).cid == id) return false;
    }
  }
  return welcome.gateway_id.cid.value != 0 && welcome.inner_mtu >= limits::kMinPathMtu &&
         welcome.inner_mtu <= limits::kMaxInnerMtu &&
         session::validate(session::from_client_policy(welcome.policy)).has_value();
}

std::optional<WelcomeResult> HandshakeClient::on_welcome(std::span<const std::uint8_t> message,
                                                         DropCounters& drops, MonoNs now) {
  std::array<std::uint8_t, wire::kWelcomePayloadSize> payload{};
  if (!noise_->read_message2(message.subspan(wire::kHandshakeHeaderSize), identity_.preshared.get(),
                             payload)) {
    report_.answer_not_verified = true;
    drops.add(DropReason::kHelloBadNoise);
    return std::nullopt;
  }
  const auto keys = noise_->split();
  noise_.reset();
  const auto welcome = wire::decode_welcome_payload(payload);
  const auto header = wire::decode_answer_header(message);
  if (!keys || !welcome || !header || !plausible(*welcome)) {
    drops.add(DropReason::kWireBadField);
    return std::nullopt;
  }
  WelcomeResult result;
  result.payload = *welcome;
  result.id_key_phase = header->id_key_phase;
  result.client_cid = client_cid_;
  result.hello_counter = counter_;
  result.uplink = uplink_;
  result.gateway = gateway_;
  result.rtt = now - sent_at_;
  result.root = crypto::derive_root(*keys, welcome->session_id);
  stop();
  return result;
}

}  // namespace jumpgate::client
