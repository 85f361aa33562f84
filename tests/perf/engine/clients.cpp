#include "clients.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/hello.hpp"
#include "wire/control.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::uint8_t kPaths = 2;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "engine: %s\n", what);
  std::abort();
}

Endpoint address_of(std::uint32_t client, std::uint8_t path) {
  return {.address = {.family = IpFamily::kV4,
                      .bytes = {static_cast<std::uint8_t>(10 + path),
                                static_cast<std::uint8_t>(client >> 16),
                                static_cast<std::uint8_t>(client >> 8),
                                static_cast<std::uint8_t>(client)}},
          .port = 4000};
}

Endpoint gateway() {
  return {.address = {.family = IpFamily::kV4, .bytes = {192, 0, 2, 1}}, .port = 51820};
}

/// Anything, as long as each session has its own.
crypto::RootSecret root_of(std::uint32_t client) {
  crypto::RootSecret root;
  root.get().fill(0x5a);
  base::store_le32(root.get().data(), client);
  return root;
}

// A client id names its client in the low half and is fresh in the high one.
std::uint32_t client_of(ConnectionId cid) {
  return static_cast<std::uint32_t>(cid.value) - 1;
}

}  // namespace

PublicKey static_key(std::uint32_t client) {
  PublicKey key{0x77};
  base::store_le32(key.data() + 1, client);
  return key;
}

Clients::Clients(std::uint32_t count, const PublicKey& gateway_key)
    : mac1_key_(crypto::derive_mac1_key(gateway_key)), clients_(count) {}

void Clients::handshake(ctl::HandshakeJob& job) {
  if (job.kind == ctl::HandshakeJob::Kind::kReadHello) {
    read(job);
  } else {
    welcome(job);
  }
}

void Clients::read(ctl::HandshakeJob& job) const {
  job.peer = client_of(job.header.client_cid);
  wire::encode_hello_payload(
      {.counter = 1, .versions = {wire::kVersion}, .suites = {Suite::kAes256Gcm}}, job.payload);
  job.remote = static_key(job.peer);
}

ConnectionId Clients::next_id(std::uint32_t client) {
  return {std::uint64_t{clients_[client].ids++} << 32 | (client + 1)};
}

void Clients::welcome(ctl::HandshakeJob& job) {
  Client& client = clients_[job.peer];
  client.ref = job.session;
  client.session = job.session_id;
  job.root = root_of(job.peer);
  wire::encode_answer_header({.type = wire::Type::kWelcome,
                              .id_key_phase = job.id_key_phase,
                              .version = wire::kVersion,
                              .client_cid = job.header.client_cid},
                             std::span(job.answer).first<wire::kHandshakeHeaderSize>());
  job.answer_size = wire::kWelcomeSize;
}

Input Clients::hello(std::uint32_t client) const {
  Input input;
  input.report.kind = bus::ReportKind::kHandshake;
  input.report.from = address_of(client, 0);
  input.report.to = gateway();
  const wire::HelloOut message(input.bytes);
  wire::encode_hello_header({.version = wire::kVersion, .client_cid = {client + 1}},
                            message.first<wire::kHelloHeaderSize>());
  crypto::write_hello_macs(message, mac1_key_, std::nullopt);
  return input;
}

Input Clients::control(std::uint32_t client, wire::Type type, const Endpoint& from) const {
  Input input;
  input.report.kind = bus::ReportKind::kControl;
  input.report.type = type;
  input.report.session = clients_[client].ref;
  input.report.from = from;
  input.report.to = gateway();
  return input;
}

Input Clients::reattach(std::uint32_t client) {
  Client& self = clients_[client];
  self.path = static_cast<std::uint8_t>((self.path + 1) % kPaths);
  Input input = control(client, wire::Type::kReattach, address_of(client, self.path));
  wire::encode_reattach({.jump_seq = ++self.jump_seq,
                         .binding_version = self.binding_version,
                         .root_generation = 0,
                         .cause = Reason::kTransportRetiring,
                         .client_cid = next_id(client),
                         .session_id = self.session},
                        payload_of(input));
  return input;
}

Input Clients::edge(std::uint32_t client, bus::ReportKind kind, ConnectionId gateway_cid) const {
  Input input = control(client, {}, address_of(client, clients_[client].path));
  input.report.kind = kind;
  input.report.cid = gateway_cid;
  return input;
}

std::optional<Input> Clients::answer(const Datagram& datagram) {
  const auto bytes = std::span(datagram.bytes).first(datagram.size);
  if (const auto header = wire::decode_answer_header(bytes);
      header && header->type == wire::Type::kWelcome) {
    const std::uint32_t client = client_of(header->client_cid);
    ++welcomed_;
    Input input = control(client, wire::Type::kConfirm, datagram.remote);
    wire::encode_confirm({.session_id = clients_[client].session, .hello_counter = 1},
                         payload_of(input));
    return input;
  }
  const auto prefix = wire::parse_prefix(bytes);
  if (!prefix) fail("a message that no client reads");
  switch (prefix->type) {
    case wire::Type::kPathChallenge:
      return challenged(client_of(prefix->cid), datagram);
    case wire::Type::kAck:
      ++acknowledged_;
      return std::nullopt;
    case wire::Type::kControlClose:
      return std::nullopt;
    default:
      fail("the controller refused something");
  }
}

std::optional<Input> Clients::challenged(std::uint32_t client, const Datagram& datagram) {
  Client& self = clients_[client];
  const auto key =
      crypto::derive_control_key(root_of(client), self.session, 0, Direction::kGatewayToClient);
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  const auto message = std::span(datagram.bytes).first<wire::kControlSize>();
  if (!crypto::open_control(message, key.get(), payload)) fail("a CHALLENGE does not open");
  const auto challenge = wire::decode_path_challenge(payload);
  if (!challenge) fail("a CHALLENGE does not decode");
  self.binding_version = challenge->binding_version;
  Input input = control(client, wire::Type::kPathResponse, datagram.remote);
  wire::encode_path_response(
      {.jump_seq = challenge->jump_seq,
       .challenge_seq = challenge->challenge_seq,
       .token = challenge->token,
       .epoch = challenge->epoch,
       .binding_version = challenge->binding_version,
       .client_cid = challenge->client_cid.value != 0 ? challenge->client_cid : next_id(client)},
      payload_of(input));
  return input;
}

}  // namespace jumpgate::bench
