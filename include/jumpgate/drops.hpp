/// Why a packet was dropped: one list from which enum, counter name and documentation are made. Every drop on
/// every path is one of these and bumps exactly one counter; nothing else happens.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace jumpgate {

// X(enumerator, stable name, documentation)
#define JG_DROP_REASONS(X)                                                                        \
  /* layer 2 and outer IP */                                                                      \
  X(kEthTooShort, "eth_too_short", "Frame shorter than an Ethernet header.")                      \
  X(kEthNotForUs, "eth_not_for_us", "Unicast frame for another MAC address.")                     \
  X(kEtherTypeUnknown, "ethertype_unknown", "Neither IPv4, IPv6 nor ARP.")                        \
  X(kVlanUnknown, "vlan_unknown",                                                                 \
    "VLAN tag that is not the port's, or none where it has one (IEEE 802.1Q).")                   \
  X(kIpTooShort, "ip_too_short", "Truncated IP header.")                                          \
  X(kIpBadVersion, "ip_bad_version", "IP version field does not fit.")                            \
  X(kIpBadHeader, "ip_bad_header", "IP header length or total length is impossible.")             \
  X(kIpBadChecksum, "ip_bad_checksum", "IPv4 header checksum is wrong.")                          \
  X(kIpFragment, "ip_fragment", "Fragment to an address of ours; reassembly is off.")             \
  X(kIpFragmentBad, "ip_fragment_bad",                                                            \
    "Outer fragment that is tiny, impossible or not of UDP (RFC 1858, RFC 3128, RFC 8200 4.5).")  \
  X(kIpFragmentConflict, "ip_fragment_conflict",                                                  \
    "Outer fragments that overlap, came twice or disagree on congestion (RFC 5722, RFC 3168).")   \
  X(kIpFragmentTimeout, "ip_fragment_timeout",                                                    \
    "Outer fragment whose datagram did not become whole in time (RFC 8200 4.5).")                 \
  X(kIpFragmentLimit, "ip_fragment_limit",                                                        \
    "Outer fragment beyond what may wait, of its source or in all.")                              \
  X(kIpMartian, "ip_martian",                                                                     \
    "Source address can not be answered (RFC 1812 5.3.7, RFC 4291 2.5).")                         \
  X(kIpNotForUs, "ip_not_for_us", "Not to an address of ours, or to everybody.")                  \
  X(kIpProtocolUnknown, "ip_protocol_unknown", "To us, and neither UDP nor ICMP.")                \
  X(kUdpTooShort, "udp_too_short", "Truncated UDP header, or its length is impossible.")          \
  X(kUdpBadChecksum, "udp_bad_checksum", "UDP checksum is wrong, or zero over IPv6.")             \
  X(kUdpWrongPort, "udp_wrong_port", "No one listens on this UDP port.")                          \
  X(kIcmpIgnored, "icmp_ignored", "ICMP that needs no answer from us.")                           \
  X(kArpIgnored, "arp_ignored", "Malformed ARP, or for another host.")                            \
  X(kNdIgnored, "nd_ignored", "Malformed neighbour discovery message, or for another host.")      \
  /* JVP/1 framing */                                                                             \
  X(kWireTooShort, "wire_too_short", "Shorter than its type requires.")                           \
  X(kWireBadLength, "wire_bad_length", "Length is not the one its type has.")                     \
  X(kWireUnknownType, "wire_unknown_type", "Message type is not ours.")                           \
  X(kWireReservedBits, "wire_reserved_bits", "Reserved bits or bytes are not zero.")              \
  X(kWireBadField, "wire_bad_field", "An authentic message holds a field out of its range.")      \
  X(kWireWrongRole, "wire_wrong_role", "A message type that only the other role receives.")       \
  /* connection id, keys, replay */                                                               \
  X(kCidInvalid, "cid_invalid", "The connection id does not decode: garbage or foreign.")         \
  X(kCidUnknown, "cid_unknown", "The connection id names no live session.")                       \
  X(kEpochUnknown, "epoch_unknown", "No keys for this id and phase.")                             \
  X(kReplayOld, "replay_old", "Counter is older than the replay window.")                         \
  X(kReplayDuplicate, "replay_duplicate", "Counter was seen before.")                             \
  X(kAuthFailed, "auth_failed", "The AEAD tag does not verify.")                                  \
  X(kKeyLimitReached, "key_limit_reached", "The key's hard limit is reached; no further use.")    \
  X(kSessionStateForbids, "session_state_forbids", "The session's state does not allow this.")    \
  X(kHeldQueueFull, "held_queue_full", "Too many packets of a proposed epoch before its commit.") \
  X(kControlStale, "control_stale", "Authentic control message that is not fresh.")               \
  X(kControlWrongSession, "control_wrong_session",                                                \
    "Authentic control message that names another session.")                                      \
  X(kControlWrongGeneration, "control_wrong_generation",                                          \
    "Authentic control message sealed under, or naming, another root generation than it must.")   \
  X(kControlWrongBinding, "control_wrong_binding",                                                \
    "Authentic control message that names another binding_version than it must.")                 \
  X(kControlWrongEpoch, "control_wrong_epoch",                                                    \
    "Authentic control message that names another epoch than it must.")                           \
  X(kControlRateLimited, "control_rate_limited", "Control messages beyond the token bucket.")     \
  /* inner packet */                                                                              \
  X(kInnerTooShort, "inner_too_short", "Inner packet shorter than its header.")                   \
  X(kInnerBadHeader, "inner_bad_header", "Inner IP version, length or checksum is wrong.")        \
  X(kInnerBadSource, "inner_bad_source",                                                          \
    "Inner source is not the peer's, or not one to expect on that port (RFC 3704 2.2).")          \
  X(kInnerMartian, "inner_martian",                                                               \
    "Inner destination that no router forwards to (RFC 1812 5.3.7, RFC 2644, RFC 4291 2.5).")     \
  X(kInnerSourceRoute, "inner_source_route", "IPv4 source route option (RFC 7126 4.3, 4.4).")     \
  X(kInnerBadExtension, "inner_bad_extension",                                                    \
    "IPv6 extension headers that end nowhere, or too many (RFC 7112).")                           \
  X(kInnerBadFragment, "inner_bad_fragment", "Tiny or impossible fragment (RFC 1858, RFC 3128).") \
  X(kInnerBadEcn, "inner_bad_ecn",                                                                \
    "Congestion marked on a packet that can not carry the mark (RFC 6040 4.2).")                  \
  X(kInnerPartLost, "inner_part_lost", "Part of an inner packet whose other part did not come.")  \
  X(kFilterDenied, "filter_denied", "A rule of the peer's filter, or its default, denies it.")    \
  X(kRateExceededIn, "rate_exceeded_in",                                                          \
    "From a client, beyond its session's rate or that of all it shares one with.")                \
  X(kRateExceededOut, "rate_exceeded_out",                                                        \
    "To a client, beyond its session's rate or that of all it shares one with.")                  \
  X(kQuotaExhausted, "quota_exhausted", "The peer's quota is used up.")                           \
  X(kHairpinDenied, "hairpin_denied", "From one client to another, which is not allowed.")        \
  X(kInnerNoRoute, "inner_no_route", "No route to the inner destination.")                        \
  X(kInnerToGateway, "inner_to_gateway", "Inner packet to the gateway's own outer address.")      \
  X(kInnerTtlExceeded, "inner_ttl_exceeded", "Inner TTL or hop limit ran out.")                   \
  X(kInnerTooBig, "inner_too_big", "Inner packet does not fit the tunnel's MTU.")                 \
  X(kPeerNotAttached, "peer_not_attached", "The peer that owns this address has no session.")     \
  X(kNoBinding, "no_binding", "The session has no binding to send on.")                           \
  X(kNeighbourUnresolved, "neighbour_unresolved", "Next hop is not resolved (yet).")              \
  /* handshake admission */                                                                       \
  X(kHelloBadMac1, "hello_bad_mac1", "mac1 of a HELLO is wrong.")                                 \
  X(kHelloBadMac2, "hello_bad_mac2",                                                              \
    "Under load and mac2 is absent or wrong: a cookie was answered.")                             \
  X(kHelloRateLimited, "hello_rate_limited", "Handshakes beyond the token bucket.")               \
  X(kHelloQueueFull, "hello_queue_full", "The handshake queue is full.")                          \
  X(kHelloBadVersion, "hello_bad_version", "No protocol version in common.")                      \
  X(kHelloBadNoise, "hello_bad_noise", "The Noise message does not verify.")                      \
  X(kHelloUnknownPeer, "hello_unknown_peer", "No peer with this static key.")                     \
  X(kHelloBadPayload, "hello_bad_payload", "Authentic HELLO with an impossible payload.")         \
  X(kHelloCounterLow, "hello_counter_low", "HELLO counter not above the highest accepted.")       \
  X(kHelloNoSuite, "hello_no_suite", "No AEAD suite in common.")                                  \
  X(kHelloNoCapacity, "hello_no_capacity", "Session table is full.")                              \
  /* resources and ports */                                                                       \
  X(kPuntQueueFull, "punt_queue_full", "The ring to the controller is full.")                     \
  X(kPuntRateLimited, "punt_rate_limited", "Punts beyond the token bucket.")                      \
  X(kHandoffQueueFull, "handoff_queue_full", "The ring to the owning worker is full.")            \
  X(kMbufExhausted, "mbuf_exhausted", "The mbuf pool is empty.")                                  \
  X(kNoHeadroom, "no_headroom", "The mbuf has no room for the outer headers or the tag.")         \
  X(kMultiSegment, "multi_segment", "A chained mbuf where one segment is required.")              \
  X(kTxQueueFull, "tx_queue_full", "The port did not take the packet.")                           \
  X(kTxError, "tx_error", "The operating system refused the packet.")                             \
  X(kLinkDown, "link_down", "The link of the egress port is down.")

enum class DropReason : std::uint8_t {
#define X(e, name, doc) e,
  JG_DROP_REASONS(X)
#undef X
};

inline constexpr std::array kAllDropReasons{
#define X(e, name, doc) DropReason::e,
    JG_DROP_REASONS(X)
#undef X
};
inline constexpr std::size_t kDropReasonCount = kAllDropReasons.size();
static_assert(kDropReasonCount <= 256, "a drop reason is tagged in one byte");

constexpr std::string_view to_string(DropReason r) {
  switch (r) {
#define X(e, name, doc) \
  case DropReason::e:   \
    return name;
    JG_DROP_REASONS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view describe(DropReason r) {
  switch (r) {
#define X(e, name, doc) \
  case DropReason::e:   \
    return doc;
    JG_DROP_REASONS(X)
#undef X
  }
  return "?";
}

}  // namespace jumpgate
