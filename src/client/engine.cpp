#include "client/engine.hpp"

#include <algorithm>
#include <utility>

#include "base/invariant.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::client {
namespace {

/// The types that a client receives (spec/wire.md "Message types").
bool for_client(wire::Type type) {
  switch (type) {
    case wire::Type::kHello:
    case wire::Type::kConfirm:
    case wire::Type::kReattach:
    case wire::Type::kPathResponse:
    case wire::Type::kRekey:
      return false;
    default:
      return true;
  }
}

/// Checks 1 to 5 of spec/wire.md "General".
std::expected<wire::Prefix, DropReason> checked_prefix(std::span<const std::uint8_t> message) {
  if (message.size() > limits::kMaxDatagram) return std::unexpected(DropReason::kWireBadLength);
  const auto prefix = wire::parse_prefix(message);
  if (!prefix) return prefix;
  if (prefix->id_key_phase != 0 && prefix->type != wire::Type::kPathChallenge) {
    return std::unexpected(DropReason::kWireReservedBits);
  }
  if (prefix->cid.value == 0) return std::unexpected(DropReason::kCidInvalid);
  return prefix;
}

/// Traffic messages of one session that follow each other, opened as one burst.
class Burst {
 public:
  void add(ClientSession& session, const SealedPacket& packet, MonoNs now) {
    if (session_ != &session || count_ == packets_.size()) flush(now);
    session_ = &session;
    packets_.at(count_++) = packet;
  }
  void flush(MonoNs now) {
    if (count_ == 0) return;
    session_->on_traffic(std::span(packets_).first(count_), now);
    count_ = 0;
  }

 private:
  ClientSession* session_{nullptr};
  std::size_t count_{0};
  std::array<SealedPacket, limits::kBurst> packets_;
};

}  // namespace

Engine::Engine(EngineConfig&& config, const EngineDeps& deps)
    : output_(deps.output),
      aeads_(deps.aeads),
      world_{.output = deps.output,
             .random = deps.random,
             .uplinks = uplinks_,
             .drops = drops_,
             .outer_class = config.outer_class,
             .probe_path_mtu = config.probe_path_mtu},
      handshake_(std::move(config.identity), deps.counters, deps.random) {
  for (const UplinkSpec& uplink : config.uplinks) {
    const bool added = uplinks_.add(uplink.name, uplink.preference);
    JG_INVARIANT(added);
  }
}

void Engine::start(MonoNs now) {
  wanted_ = true;
  handshake_.start(now);
  settle(now);
}

void Engine::close(MonoNs now) {
  wanted_ = false;
  handshake_.stop();
  if (current_) current_->close(Reason::kOperatorTerminated, now);
  if (successor_) successor_->close(Reason::kOperatorTerminated, now);
  end_drain(now);
  settle(now);
}

// ---- Input
// ---------------------------------------------------------------------------------------

void Engine::on_uplink(UplinkId uplink, const UplinkStatus& status, MonoNs now) {
  if (uplink >= uplinks_.size()) return;
  const bool was_up = uplinks_.up(uplink);
  const bool moved = was_up && status.up && uplinks_.status(uplink) != status;
  if (was_up == status.up && !moved) return;
  uplinks_.set_status(uplink, status, now);
  if (current_) current_->on_uplink(uplink, status.up, moved, now);
  settle(now);
}

void Engine::on_path_error(UplinkId uplink, MonoNs now) {
  if (current_) current_->on_path_error(uplink, now);
}

void Engine::on_path_mtu_hint(UplinkId uplink, std::uint32_t mtu, MonoNs now) {
  if (current_) current_->on_path_mtu_hint(uplink, mtu, now);
}

ClientSession* Engine::find(ConnectionId client_cid) {
  if (current_ && current_->knows(client_cid)) return current_.get();
  if (successor_ && successor_->knows(client_cid)) return successor_.get();
  if (former_ && former_->knows(client_cid)) return former_.get();
  return nullptr;
}

void Engine::on_datagrams(UplinkId uplink, std::span<const RxDatagram> datagrams, MonoNs now) {
  Burst burst;
  for (const RxDatagram& datagram : datagrams) {
    const auto type = wire::classify(datagram.bytes);
    if (!type) {
      drops_.add(type.error());
      continue;
    }
    if (!for_client(*type)) {
      drops_.add(DropReason::kWireWrongRole);
      continue;
    }
    const wire::Class message_class = wire::class_of(*type);
    if (message_class == wire::Class::kHandshake || message_class == wire::Class::kReset) {
      burst.flush(now);
      if (message_class == wire::Class::kReset) {
        on_reset(datagram.bytes, now);
      } else {
        on_handshake(datagram.bytes, uplink, datagram.from, now);
      }
      settle(now);
      continue;
    }
    const auto prefix = checked_prefix(datagram.bytes);
    ClientSession* session = prefix ? find(prefix->cid) : nullptr;
    if (session == nullptr) {
      drops_.add(prefix ? DropReason::kCidUnknown : prefix.error());
      continue;
    }
    if (message_class == wire::Class::kTraffic) {
      burst.add(*session,
                {.prefix = *prefix,
                 .message = datagram.bytes,
                 .uplink = uplink,
                 .traffic_class = datagram.traffic_class},
                now);
    } else {
      burst.flush(now);
      session->on_control(*prefix, datagram.bytes, uplink, datagram.from, now);
      settle(now);
    }
  }
  burst.flush(now);
  settle(now);
}

void Engine::on_handshake(std::span<std::uint8_t> message, UplinkId uplink, const Endpoint& from,
                          MonoNs now) {
  auto welcome = handshake_.on_answer(message, uplink, from, drops_, now);
  if (!welcome) return;
  Aead* aead = aeads_.find(welcome->payload.suite);
  JG_INVARIANT(aead != nullptr);  // only suites that are there are offered, others are refused
  successor_ = std::make_unique<ClientSession>(world_, *aead, std::move(*welcome), now);
}

void Engine::on_reset(std::span<const std::uint8_t> message, MonoNs now) {
  const auto reset = wire::decode_reset(message);
  if (!reset) {
    drops_.add(reset.error());
    return;
  }
  const bool current = current_ && current_->on_reset(reset->token, now);
  const bool successor = successor_ && successor_->on_reset(reset->token, now);
  if (!current && !successor) drops_.add(DropReason::kAuthFailed);
}

void Engine::on_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now) {
  if (!current_) {
    drops_.add(DropReason::kNoBinding, packets.size());
    return;
  }
  current_->send_inner(packets, now);
  settle(now);
}

bool Engine::move_to(UplinkId uplink, MonoNs now) {
  return current_ && current_->move_to(uplink, now);
}

// ---- Time and follow-up
// ----------------------------------------------------------------------------

void Engine::tick(MonoNs now) {
  if (current_) current_->tick(now);
  if (successor_) successor_->tick(now);
  if (former_ && now >= former_->drained_at()) end_drain(now);
  settle(now);
  if (handshake_.due(now)) send_hello(now);
}

void Engine::begin_after(const ClientSession& ended, MonoNs now) {
  last_end_ = ended.end_reason();
  if (!wanted_ || handshake_.running()) return;
  const bool young = now - ended.core().record.created_at() < kYoungSession;
  pause_ = young ? std::min(std::max(pause_ * 3 / 2, kHelloTimeout), kHelloTimeoutMax) : Duration{};
  // A path that carried a WELCOME and no session will do so again.
  const bool unconfirmed = ended.end_reason() == Reason::kHandshakeTimeout;
  handshake_.start(now + pause_, unconfirmed ? handshake_.last_uplink() : kNoUplink);
}

void Engine::succeed(MonoNs now) {
  if (current_) {
    end_drain(now);
    current_->supersede(now);
    last_end_ = current_->end_reason();
    former_ = std::move(current_);
  }
  current_ = std::move(successor_);
  ++sessions_;
  const TunnelSetup& setup = current_->core().setup;
  if (told_ != setup) {
    told_ = setup;
    output_.tunnel_ready(setup);
  }
}

void Engine::end_drain(MonoNs now) {
  if (!former_) return;
  former_->end_drain(now);
  former_.reset();
}

void Engine::settle(MonoNs now) {
  if (successor_ && successor_->over()) {
    const auto ended = std::move(successor_);
    if (!current_ || current_->wants_successor(now)) begin_after(*ended, now);
  }
  if (successor_ && successor_->state() != State::kBirth) succeed(now);
  if (current_ && current_->over()) {
    const auto ended = std::move(current_);
    last_end_ = ended->end_reason();
    if (!successor_) begin_after(*ended, now);
  }
  if (current_ && wanted_ && !successor_) {
    if (current_->wants_successor(now))
      handshake_.start(now);
    else
      handshake_.stop();  // the session that was lost has found its way back
  }
  if (current_) current_->core().check();
  if (successor_) successor_->core().check();
}

void Engine::send_hello(MonoNs now) {
  // A renewal begins where the session is; an answered HELLO is followed by one over the same
  // uplink, an unanswered one by one over the next.
  const UplinkId last = handshake_.last_uplink();
  std::optional<UplinkId> uplink = uplinks_.after(last);
  if (last == kNoUplink && current_ && uplinks_.up(current_->core().current_uplink())) {
    uplink = current_->core().current_uplink();
  } else if (handshake_.stays() && uplinks_.up(last)) {
    uplink = last;
  }
  if (!uplink) return;
  handshake_.send_hello(*uplink, uplinks_.gateway(*uplink), output_, now);
}

MonoNs Engine::next_deadline() const {
  MonoNs deadline = kNever;
  if (current_) {
    deadline = std::min(deadline, current_->next_deadline());
    if (wanted_ && !successor_ && !handshake_.running()) {
      deadline = std::min(deadline, current_->renew_at());
    }
  }
  if (successor_) deadline = std::min(deadline, successor_->next_deadline());
  if (former_) deadline = std::min(deadline, former_->drained_at());
  // Without an uplink a HELLO that is due can only wait for one.
  if (uplinks_.after(kNoUplink)) deadline = std::min(deadline, handshake_.next_deadline());
  return deadline;
}

}  // namespace jumpgate::client
