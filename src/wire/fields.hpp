/// Fields that several messages share, and the shape of every strict decoder (internal to
/// src/wire).
///
/// Owner thread: any; pure. Failure: FieldReader keeps the first fault and reads on, harmlessly;
/// finish() tells.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/reasons.hpp>
#include <jumpgate/wire.hpp>

#include "base/bytes.hpp"

namespace jumpgate::wire {

/// A ByteReader that also judges: reserved bytes, ranges, known numbers.
class FieldReader : public base::ByteReader {
 public:
  using base::ByteReader::ByteReader;

  void require(bool condition, DropReason otherwise = DropReason::kWireBadField) {
    if (!condition && !fault_) fault_ = otherwise;
  }
  void reserved(std::size_t n) { require(zeros(n), DropReason::kWireReservedBits); }

  ConnectionId cid() { return {u64()}; }
  ConnectionId live_cid(DropReason otherwise = DropReason::kWireBadField) {
    const ConnectionId id = cid();
    require(id.value != 0, otherwise);
    return id;
  }
  std::uint64_t nonzero_u64() {
    const std::uint64_t v = u64();
    require(v != 0);
    return v;
  }
  Reason reason() {
    const std::optional<Reason> r = reason_from_number(u16());
    require(r.has_value());
    return r.value_or(Reason::kNone);
  }
  Reason stated_reason() {
    const Reason r = reason();
    require(r != Reason::kNone);
    return r;
  }
  Suite known_suite() {
    const auto s = static_cast<Suite>(u8());
    require(s == Suite::kAes256Gcm || s == Suite::kChaCha20Poly1305);
    return s;
  }
  SessionId session_id() { return {bytes<16>()}; }

  IssuedId issued_id() {
    IssuedId id;
    id.cid = cid();
    id.reset_token = bytes<16>();
    require(id.cid.value != 0 || base::all_zero(id.reset_token));
    return id;
  }
  /// Used places first; returns how many are used.
  std::size_t jump_ids(JumpIds& ids) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      ids[i] = issued_id();
      if (ids[i].cid.value == 0) continue;
      require(used == i);
      ++used;
    }
    return used;
  }
  IpFamily family() {
    const auto f = static_cast<IpFamily>(u8());
    require(f == IpFamily::kV4 || f == IpFamily::kV6);
    return f;
  }
  void address_bytes(IpAddress& address) {
    address.bytes = bytes<16>();
    require(
        address.family != IpFamily::kV4 || base::all_zero(std::span(address.bytes).subspan<4>()),
        DropReason::kWireReservedBits);
  }
  Endpoint endpoint() {
    Endpoint e;
    e.address.family = family();
    reserved(1);
    e.port = u16();
    address_bytes(e.address);
    return e;
  }

  /// The message, unless a field or a reserved byte was wrong.
  template <class T>
  std::expected<T, DropReason> finish(const T& message) const {
    if (!ok()) return std::unexpected(DropReason::kWireTooShort);
    if (fault_) return std::unexpected(*fault_);
    return message;
  }

 private:
  std::optional<DropReason> fault_;
};

class FieldWriter : public base::ByteWriter {
 public:
  using base::ByteWriter::ByteWriter;

  void cid(ConnectionId id) { u64(id.value); }
  void reason(Reason r) { u16(static_cast<std::uint16_t>(r)); }
  void session_id(const SessionId& id) { bytes(id.bytes); }
  void issued_id(const IssuedId& id) {
    cid(id.cid);
    bytes(id.reset_token);
  }
  void jump_ids(const JumpIds& ids) {
    for (const IssuedId& id : ids)
      issued_id(id);
  }
  void endpoint(const Endpoint& e) {
    u8(static_cast<std::uint8_t>(e.address.family));
    zeros(1);
    u16(e.port);
    bytes(e.address.bytes);
  }
};

}  // namespace jumpgate::wire
