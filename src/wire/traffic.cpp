#include "wire/traffic.hpp"

#include "wire/fields.hpp"

namespace jumpgate::wire {
namespace {

constexpr std::uint8_t kReattachWanted = 0x01;
constexpr std::uint8_t kRekeyWanted = 0x02;
constexpr std::uint8_t kReplyWanted = 0x04;
constexpr std::uint8_t kReservedFlags = 0xf8;

}  // namespace

std::expected<Heartbeat, DropReason> decode_heartbeat(std::span<const std::uint8_t> plaintext) {
  FieldReader r(plaintext);
  const std::uint8_t flags = r.u8();
  r.require((flags & kReservedFlags) == 0, DropReason::kWireReservedBits);
  Heartbeat m;
  m.reattach_wanted = (flags & kReattachWanted) != 0;
  m.rekey_wanted = (flags & kRekeyWanted) != 0;
  m.reply_wanted = (flags & kReplyWanted) != 0;
  r.reserved(1);
  m.next_interval_ms = r.u16();
  m.send_time_us = r.u32();
  r.require(m.send_time_us != 0);
  m.echo_time_us = r.u32();
  m.echo_delay_us = r.u32();
  m.received_highest = r.u64();
  m.received_count = r.u64();
  r.reserved(r.remaining());
  return r.finish(m);
}

void encode_heartbeat(const Heartbeat& heartbeat, std::span<std::uint8_t, kHeartbeatSize> out) {
  FieldWriter w(out);
  w.u8(static_cast<std::uint8_t>((heartbeat.reattach_wanted ? kReattachWanted : 0) |
                                 (heartbeat.rekey_wanted ? kRekeyWanted : 0) |
                                 (heartbeat.reply_wanted ? kReplyWanted : 0)));
  w.zeros(1);
  w.u16(heartbeat.next_interval_ms);
  w.u32(heartbeat.send_time_us);
  w.u32(heartbeat.echo_time_us);
  w.u32(heartbeat.echo_delay_us);
  w.u64(heartbeat.received_highest);
  w.u64(heartbeat.received_count);
}

std::expected<Close, DropReason> decode_close(std::span<const std::uint8_t> plaintext) {
  if (plaintext.size() > kCloseSize) return std::unexpected(DropReason::kWireBadLength);
  FieldReader r(plaintext);
  Close m;
  m.reason = r.stated_reason();
  r.reserved(6);
  return r.finish(m);
}

void encode_close(const Close& close, std::span<std::uint8_t, kCloseSize> out) {
  FieldWriter w(out);
  w.reason(close.reason);
  w.zeros(6);
}

}  // namespace jumpgate::wire
