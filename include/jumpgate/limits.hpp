/// Every fixed bound of the product, once, each with its reason. Bounds an operator may set have their range here
/// and their default in src/config.
#pragma once

#include <cstddef>
#include <cstdint>

#include <jumpgate/time.hpp>

namespace jumpgate::limits {

// ---- Wire ----------------------------------------------------------------------------------------------------------
/// Jump ids in one set: transport.max_candidate_count may not exceed it; four still fit a control message.
inline constexpr std::size_t kMaxJumpIds = 4;
/// Inner addresses told to a client; they must fit WELCOME, which may not exceed HELLO.
inline constexpr std::size_t kMaxInnerAddresses = 8;
/// Smallest path MTU assumed after each commit: IPv6's minimum (RFC 8200 section 5).
inline constexpr std::size_t kMinPathMtu = 1280;
/// Largest UDP payload handled: an Ethernet frame of 1500 less IPv4 and UDP.
inline constexpr std::size_t kMaxDatagram = 1472;
/// Largest inner MTU that a client is told: an Ethernet frame of 1500 less IPv4, UDP and the traffic overhead of 32.
inline constexpr std::uint16_t kMaxInnerMtu = 1440;
/// Outer IPv6 (40) + UDP (8) + traffic overhead (32).
inline constexpr std::size_t kMaxTunnelOverhead = 80;

// ---- Session -------------------------------------------------------------------------------------------------------
/// Live jump id sets at the gateway: the current one and the one before, since the client may have missed a commit.
inline constexpr std::size_t kJumpIdSets = 2;
/// Previous, current and next: a fourth epoch never exists (spec/keys.md "Epochs").
inline constexpr std::size_t kMaxEpochs = 3;
/// Observed addresses challenged for one jump_seq: the honest one and one relay; a third would be a scan.
inline constexpr std::size_t kMaxChallengedAddresses = 2;
/// Times one answer may be repeated for the same exchange: three losses in a row are survived.
inline constexpr unsigned kMaxAnswerRepeats = 4;
/// Reattach attempts (new jump_seq) a session may make each minute; more than switches, since attempts fail.
inline constexpr unsigned kMaxReattachAttemptsPerMin = 60;
/// DATA packets of a proposed epoch held until its commit: one round trip of a busy client, 64 full-size packets.
inline constexpr std::size_t kMaxHeldPackets = 64;
/// Time a BIRTH may wait for its CONFIRM.
inline constexpr Duration kHandshakeTimeout = seconds(5);
/// How long the old address may take to answer a rebinding check before the new one wins.
inline constexpr Duration kRebindProbeTimeout = milliseconds(400);
/// Drain of a replaced epoch: clamp(2 x old smoothed RTT + jitter, min, max).
inline constexpr Duration kDrainMin = milliseconds(250);
inline constexpr Duration kDrainMax = seconds(3);
/// Smoothed RTT assumed before the first sample.
inline constexpr Duration kInitialRtt = milliseconds(200);

// ---- Keys (spec/keys.md "Limits") ----------------------------------------------------------------------------------
inline constexpr std::uint64_t kRekeyAfterPackets = std::uint64_t{1} << 27;
inline constexpr std::uint64_t kRekeyAfterBlocks = std::uint64_t{1} << 34;
inline constexpr std::uint64_t kHardLimitPackets = kRekeyAfterPackets * 2;
inline constexpr std::uint64_t kHardLimitBlocks = kRekeyAfterBlocks * 2;
inline constexpr std::uint64_t kMaxFailedOpens = std::uint64_t{1} << 36;

// ---- Connection ids (spec/wire.md "Connection ids") -----------------------------------------------------------------
inline constexpr unsigned kCidNodeBits = 8;
inline constexpr unsigned kCidWorkerBits = 6;
inline constexpr unsigned kCidSlotBits = 22;
inline constexpr unsigned kCidGenerationBits = 20;
inline constexpr unsigned kCidCheckBits = 8;
static_assert(kCidNodeBits + kCidWorkerBits + kCidSlotBits + kCidGenerationBits + kCidCheckBits ==
              64);
inline constexpr std::size_t kMaxWorkers = std::size_t{1} << kCidWorkerBits;
inline constexpr std::size_t kMaxSlotsPerWorker = std::size_t{1} << kCidSlotBits;

// ---- Handshake admission -------------------------------------------------------------------------------------------
/// HELLOs waiting for a handshake thread; at 33,000 X25519 a second and four each, about 30 ms of work.
inline constexpr std::size_t kHandshakeQueue = 256;
/// Queue depth from which mac2 is required (cookie), half the queue.
inline constexpr std::size_t kUnderLoadDepth = kHandshakeQueue / 2;
/// Lifetime of a cookie secret, as WireGuard's.
inline constexpr Duration kCookieLifetime = seconds(120);

// ---- Data path -----------------------------------------------------------------------------------------------------
/// Packets handled as one batch.
inline constexpr std::size_t kBurst = 32;
/// Commands a worker drains each round before it polls its ports again.
inline constexpr std::size_t kCommandsPerRound = 32;
/// Datagrams in fragments that a worker waits to see whole (spec/path-mtu.md "Outer fragments"); 8 MiB of buffers.
inline constexpr std::size_t kReassemblies = 512;
/// Fragments of one source that wait at one worker: an eighth of the places, if each began a datagram of its own.
inline constexpr std::size_t kFragmentsPerSource = kReassemblies / 8;
/// Fragments of one datagram; DPDK's rte_ip_frag is built for so many.
inline constexpr std::size_t kMaxFragments = 8;
/// The smallest fragment but the last: so many bytes (a multiple of eight) that kMaxFragments make kMaxDatagram and UDP.
inline constexpr std::size_t kMinFragment = 192;
static_assert(kMinFragment % 8 == 0 && kMinFragment * kMaxFragments >= kMaxDatagram + 8);
/// Wait for the rest of a datagram. A router sends its fragments back to back, and what is a second late is no use to
/// a session; RFC 8200 section 4.5 allows 60 s, in which a stranger would hold a place.
inline constexpr Duration kReassemblyTimeout = seconds(1);
/// Parts of inner packets that a worker waits to see whole (spec/wire.md "DATA in two parts"), four for a session and
/// those that share its places; 1 MiB of buffers. A sender puts the two parts behind each other.
inline constexpr std::size_t kWaitingParts = 512;
/// Wait for the other part: as for fragments, and for the same reason.
inline constexpr Duration kPartTimeout = kReassemblyTimeout;
/// Reports the controller drains from each worker each tick.
inline constexpr std::size_t kReportsPerTick = 256;

// ---- Ports, neighbours, routes ---------------------------------------------------------------------------------------
inline constexpr std::size_t kMaxPorts = 16;
/// Neighbours (ARP and ND together, all ports); beyond it new ones are refused and counted.
inline constexpr std::size_t kMaxNeighbours = 4096;
/// Packets waiting for one neighbour's resolution (RFC 1122 2.3.2.2 asks for at least one).
inline constexpr std::size_t kMaxPendingPerNeighbour = 4;

// ---- Configuration ranges --------------------------------------------------------------------------------------------
inline constexpr std::size_t kMaxPeers = std::size_t{1} << 20;
inline constexpr std::size_t kMaxAllowedIpsPerPeer = 64;
inline constexpr std::size_t kMaxUplinks = 8;
inline constexpr std::size_t kMaxConfigBytes = std::size_t{256} << 20;
/// The bytes of a peer's, uplink's or port's name.
inline constexpr std::size_t kMaxNameBytes = 63;

// ---- Events and control socket ---------------------------------------------------------------------------------------
inline constexpr std::size_t kEventRing = 16384;
/// One framed JSON message over the control socket; sessions are listed in pages below it.
inline constexpr std::size_t kMaxApiMessage = std::size_t{64} << 10;
inline constexpr std::size_t kMaxApiClients = 16;

}  // namespace jumpgate::limits
