#include "ctl/handshake_job.hpp"

#include <cstring>

#include "wire/handshake.hpp"

namespace jumpgate::ctl {
namespace {

void read_hello(HandshakeJob& job, const crypto::KeyPair& own) {
  const auto prologue = wire::make_prologue(job.header);
  job.noise.emplace(crypto::NoiseIk::responder(prologue, own.clone()));
  if (!job.noise->read_message1(wire::hello_noise(wire::HelloBytes(job.hello)), job.payload)) {
    job.failure = DropReason::kHelloBadNoise;
    return;
  }
  job.remote = job.noise->remote_static();
  const auto peer = job.peers->find(job.remote);
  if (!peer) {
    job.failure = DropReason::kHelloUnknownPeer;
    return;
  }
  job.peer = *peer;
  job.preshared_key = (*job.peers)[*peer].preshared_key.clone();
}

void write_answer(HandshakeJob& job, base::RandomSource& random, wire::Type type,
                  std::span<const std::uint8_t> payload) {
  job.answer_size = wire::kHandshakeHeaderSize + payload.size() + crypto::kNoiseMessage2Overhead;
  const std::span<std::uint8_t> out = std::span(job.answer).first(job.answer_size);
  const wire::AnswerHeader header{.type = type,
                                  .id_key_phase = job.id_key_phase,
                                  .version = job.header.version,
                                  .client_cid = job.header.client_cid};
  wire::encode_answer_header(header, out.first<wire::kHandshakeHeaderSize>());
  const auto written = job.noise->write_message2(payload, job.preshared_key.get(), random,
                                                 out.subspan(wire::kHandshakeHeaderSize));
  if (!written) job.failure = DropReason::kHelloBadNoise;
}

void write_welcome(HandshakeJob& job, base::RandomSource& random) {
  std::array<std::uint8_t, wire::kWelcomePayloadSize> payload{};
  wire::encode_welcome_payload(job.welcome, payload);
  write_answer(job, random, wire::Type::kWelcome, payload);
  if (job.failure) return;
  const auto result = job.noise->split();
  if (!result) {
    job.failure = DropReason::kHelloBadNoise;
    return;
  }
  job.root = crypto::derive_root(*result, job.session_id);
  job.noise.reset();
}

void write_refusal(HandshakeJob& job, base::RandomSource& random) {
  std::array<std::uint8_t, wire::kHelloRefusalPayloadSize> payload{};
  wire::encode_hello_refusal_payload(job.refusal, payload);
  job.id_key_phase = 0;
  write_answer(job, random, wire::Type::kHelloRefusal, payload);
  job.noise.reset();
}

void rekey(HandshakeJob& job, base::RandomSource& random) {
  const crypto::KeyPair ephemeral = crypto::KeyPair::generate(random);
  job.gateway_ephemeral = ephemeral.public_key;
  auto root = crypto::derive_rekeyed_root(
      job.root, job.session_id, job.generation, ephemeral.private_key, Direction::kGatewayToClient,
      {.client_ephemeral = job.client_ephemeral, .gateway_ephemeral = ephemeral.public_key});
  if (!root) {
    job.root.clear();
    job.failure = DropReason::kWireBadField;
    return;
  }
  job.root = std::move(*root);
}

}  // namespace

void run_job(HandshakeJob& job, const crypto::KeyPair& own, base::RandomSource& random) {
  switch (job.kind) {
    case HandshakeJob::Kind::kReadHello:
      read_hello(job, own);
      // They may have been replaced meanwhile; whoever lets go of them last frees a million.
      job.peers.reset();
      return;
    case HandshakeJob::Kind::kWriteWelcome:
      return write_welcome(job, random);
    case HandshakeJob::Kind::kWriteRefusal:
      return write_refusal(job, random);
    case HandshakeJob::Kind::kRekey:
      return rekey(job, random);
  }
}

void clear_job(HandshakeJob& job) {
  job = HandshakeJob{};
}

}  // namespace jumpgate::ctl
