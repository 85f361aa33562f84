#include "client.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "gateway.hpp"
#include "net/frames.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::size_t kInnerSize = 64;
constexpr std::size_t kNumberAt = net::kIpv4Size + net::kUdpSize;

}  // namespace

Client::Client(std::size_t index, crypto::KeyPair key, Drivers drivers, std::uint64_t seed,
               Findings& findings)
    : index_(index),
      key_(std::move(key)),
      drivers_(drivers),
      random_(seed),
      findings_(findings),
      timeline_(Timeline::Side::kClient, "client " + std::to_string(index), findings) {}

void Client::boot(const PublicKey& gateway, const Network& network, MonoNs now) {
  client::EngineConfig config;
  config.identity.own = key_.clone();
  config.identity.gateway = gateway;
  config.identity.suites = {index_ % 2 == 0 ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305};
  config.uplinks = {{.name = "wifi", .preference = 0},
                    {.name = "cell", .preference = 1},
                    {.name = "wire", .preference = 2}};
  engine_ = std::make_unique<client::Engine>(
      std::move(config), client::EngineDeps{.output = *this,
                                            .counters = counter_,
                                            .random = random_,
                                            .aeads = {.aes256_gcm = &drivers_.gcm,
                                                      .chacha20_poly1305 = &drivers_.chacha}});
  timeline_.forget_alive();
  booted_at_ = now;
  sleeping_ = false;
  asleep_until_ = now;
  look_at_uplinks(network, now);
  engine_->start(own(now));
  settle();
}

void Client::settle() {
  const MonoNs next = engine_->next_deadline();
  const MonoNs zero = own(MonoNs{});
  // What is due at once may be due at 0.
  deadline_ = next == kNever ? kNever : MonoNs{} + (std::max(next, zero) - zero);
}

void Client::receive(const Arrival& arrival, MonoNs now) {
  if (asleep(now)) return;
  Bytes bytes = arrival.bytes;
  bytes.shrink_to_fit();
  const RxDatagram datagram{.bytes = bytes, .from = arrival.from};
  engine_->on_datagrams(arrival.uplink, {&datagram, 1}, own(now));
  settle();
}

void Client::tick(MonoNs now) {
  engine_->tick(own(now));
  settle();
}

void Client::look_at_uplinks(const Network& network, MonoNs now) {
  if (sleeping_) return;
  for (std::uint8_t uplink = 0; uplink < kUplinks; ++uplink)
    engine_->on_uplink(uplink, network.status(index_, uplink), own(now));
  settle();
}

void Client::check(Gateway& gateway, MonoNs now) {
  if (asleep(now)) return;
  timeline_.check_deadlines(own(now));
  const client::ClientSession* session = engine_->session();
  if (session == nullptr) return;
  const session::SessionRecord& record = session->core().record;
  const auto broken = [&](const char* what) {
    findings_.add(Rule::kInvalidTransition, now,
                  "client " + std::to_string(index_) + " " + short_id(record.id()) + ": " + what);
  };
  const Life* life = timeline_.find(record.id());
  if (life == nullptr || life->state != record.state() ||
      life->state_version != record.state_version() ||
      life->binding_version != record.binding_version())
    broken("record and stream differ");
  // A commit needs the client's answer, and the next one that it knows of the last.
  const ctl::Session* theirs = gateway.find(record.id());
  if (theirs == nullptr || session->over()) return;
  const std::uint64_t ahead = theirs->record.binding_version() - record.binding_version();
  if (ahead > 1) broken("its binding_version and the gateway's are too far apart");
}

bool Client::wakes_up(MonoNs now) {
  if (!sleeping_ || asleep(now)) return false;
  sleeping_ = false;
  return true;
}

void Client::path_error(std::uint8_t uplink, MonoNs now) {
  engine_->on_path_error(uplink, own(now));
  settle();
}

bool Client::move_to(std::uint8_t uplink, MonoNs now) {
  const bool moved = engine_->move_to(uplink, own(now));
  settle();
  return moved;
}

void Client::send_inner(std::size_t to, MonoNs now) {
  std::array<std::uint8_t, 256> room{};
  const auto packet = std::span(room).subspan(wire::kPrefixSize, kInnerSize);
  net::build_ip(packet, inner_address(index_), inner_address(to), net::kProtocolUdp,
                kInnerSize - net::kIpv4Size);
  base::store_le32(&packet[kNumberAt], static_cast<std::uint32_t>(index_));
  base::store_le32(&packet[kNumberAt + 4], next_number_++);
  engine_->on_inner({&packet, 1}, own(now));
  settle();
}

void Client::suspend(MonoNs until) {
  asleep_until_ = until;
  sleeping_ = true;
  timeline_.excuse_until(own(until));
}

void Client::send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) {
  for (const TxDatagram& datagram : datagrams)
    on_sent(uplink, datagram.bytes);
}

void Client::deliver(std::span<const std::span<std::uint8_t>> inner) {
  for (const auto& packet : inner) {
    if (packet.size() != kInnerSize) continue;
    on_delivered({.from = base::load_le32(&packet[kNumberAt]),
                  .number = base::load_le32(&packet[kNumberAt + 4])});
  }
}

void Client::event(const audit::Event& event) {
  timeline_.on_event(event);
  on_event(event);
}

}  // namespace jumpgate::sim
