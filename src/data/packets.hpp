/// What travels through the stages. Plain values; the mbuf belongs to the batch that holds it.
#pragma once

#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/bytes.hpp"
#include "bus/messages.hpp"
#include "data/epoch.hpp"
#include "net/address.hpp"
#include "net/ecn.hpp"
#include "net/route_image.hpp"

namespace jumpgate::data {

inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

/// A JVP/1 datagram to one of our outer addresses. The pointers lie in the mbuf's first segment,
/// whose data still is the whole frame.
struct Datagram {
  rte_mbuf* mbuf;
  std::uint8_t* message;  // behind UDP
  const std::uint8_t* ip;
  const std::uint8_t* udp;
  std::uint64_t counter;
  std::uint64_t cid;
  Epoch* epoch;  // traffic: whose keys it names
  std::uint32_t slot;
  std::uint16_t length;
  wire::Type type;
  std::uint8_t phase;
  bool v6;
  bool leads;       // after the commit of its counter: it was above the highest so far
  bool other_boot;  // its flags name the id cipher of another boot

  /// Once opened.
  [[nodiscard]] std::span<const std::uint8_t> plaintext() const {
    return {message + wire::kPrefixSize, length - wire::kTrafficOverhead};
  }
};

[[nodiscard]] Endpoint source_of(const Datagram& datagram);
[[nodiscard]] Endpoint destination_of(const Datagram& datagram);
/// TOS or traffic class of the outer header.
[[nodiscard]] inline std::uint8_t outer_class_of(const Datagram& datagram) {
  return net::traffic_class_of(datagram.ip);
}
/// Whether it came from there, without making an endpoint of its header.
[[nodiscard]] inline bool comes_from(const Datagram& datagram, const Endpoint& endpoint) {
  return base::load_be16(datagram.udp) == endpoint.port &&
         net::stands_at(endpoint.address, datagram.v6 ? IpFamily::kV6 : IpFamily::kV4,
                        datagram.ip + (datagram.v6 ? 8 : 12));
}
/// Makes the mbuf's data the datagram alone.
void strip_to_message(Datagram& datagram);

/// An inner IP packet: the mbuf's data is exactly that.
struct InnerPacket {
  rte_mbuf* mbuf;
  std::uint32_t from_slot;  // out of this session's tunnel; kNoSlot: from a port or the controller
  bool counted;             // TTL was decremented already
  // Where it goes, if the port's first look said so already; kNone: not looked up yet.
  net::RouteTarget target{};
};

/// An inner IP packet whose destination belongs to a peer; checked and routed.
struct Routed {
  rte_mbuf* mbuf;
  bus::SessionRef session;  // that carries the peer
};

/// A plaintext to be sealed and sent: DATA, HEARTBEAT or CLOSE. The mbuf's data is the plaintext.
struct Outgoing {
  rte_mbuf* mbuf;
  Epoch* epoch;
  std::uint64_t counter;
  std::uint32_t slot;
  wire::Type type;
  std::uint8_t outer_class;  // TOS or traffic class of the outer header
};

[[nodiscard]] inline std::uint8_t* bytes_of(rte_mbuf* mbuf) {
  return rte_pktmbuf_mtod(mbuf, std::uint8_t*);
}

/// Makes the data of an mbuf of one segment `before` bytes of its headroom and `behind` bytes of its
/// tailroom longer: the caller has looked that they are there. Returns its first byte.
inline std::uint8_t* extend(rte_mbuf* mbuf, std::uint16_t before, std::uint16_t behind) {
  mbuf->data_off = static_cast<std::uint16_t>(mbuf->data_off - before);
  mbuf->data_len = static_cast<std::uint16_t>(mbuf->data_len + before + behind);
  mbuf->pkt_len = mbuf->data_len;
  return bytes_of(mbuf);
}
/// Makes it `length` bytes from `first` on, which lie in it.
inline void cut_to(rte_mbuf* mbuf, const std::uint8_t* first, std::size_t length) {
  mbuf->data_off = static_cast<std::uint16_t>(mbuf->data_off + (first - bytes_of(mbuf)));
  mbuf->data_len = static_cast<std::uint16_t>(length);
  mbuf->pkt_len = mbuf->data_len;
}

}  // namespace jumpgate::data
