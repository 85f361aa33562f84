#include "data/reassembly.hpp"

#include <algorithm>
#include <span>

#include <rte_ip.h>
#include <rte_mbuf.h>

#include "data/packets.hpp"
#include "net/checksum.hpp"
#include "net/ecn.hpp"

namespace jumpgate::data {
namespace {

static_assert(limits::kMaxFragments <= RTE_LIBRTE_IP_FRAG_MAX_FRAG);

constexpr std::uint32_t kBucketEntries = 16;
/// Twice the datagrams: a place is one of two buckets, so that few are refused before all are taken.
constexpr std::uint32_t kBuckets = limits::kReassemblies / kBucketEntries;
/// Of the library's private records: of one datagram, its key, times and kMaxFragments fragments; of the table.
constexpr std::size_t kEntryBytes = 256;
constexpr std::size_t kTableBytes = 128;

/// While a fragment waits, a field of its buffer that is nobody else's says whose it is and how it was marked.
constexpr unsigned kMarkShift = 8;
std::uint32_t note(std::uint8_t source, std::uint8_t traffic_class) {
  return source | std::uint32_t{traffic_class} << kMarkShift;
}
std::uint8_t noted_source(const rte_mbuf* fragment) {
  return static_cast<std::uint8_t>(fragment->hash.usr);
}
net::Ecn noted_mark(const rte_mbuf* fragment) {
  return static_cast<net::Ecn>(fragment->hash.usr >> kMarkShift & net::kEcnMask);
}

bool holds(const rte_mbuf* chain, const rte_mbuf* wanted) {
  while (chain != nullptr && chain != wanted)
    chain = chain->next;
  return chain != nullptr;
}

/// RFC 3168 section 5.3: one mark marks the whole, unless a fragment says that its sender can not be told.
bool keep_mark(const rte_mbuf* whole, std::uint8_t* ip) {
  bool marked = false, deaf = false;
  for (const rte_mbuf* part = whole; part != nullptr; part = part->next) {
    marked = marked || noted_mark(part) == net::Ecn::kCe;
    deaf = deaf || noted_mark(part) == net::Ecn::kNotEct;
  }
  if (!marked) return true;
  const bool v4 = (ip[0] >> 4) == 4;
  ip[1] |= static_cast<std::uint8_t>(v4 ? net::kEcnMask : net::kEcnMask << 4);
  return !deaf;
}

}  // namespace

std::size_t Reassembly::footprint() {
  return kTableBytes + std::size_t{2} * kBuckets * kBucketEntries * kEntryBytes;
}

std::expected<std::unique_ptr<Reassembly>, std::string> Reassembly::create(
    base::RandomSource& random, int socket) {
  Table table(rte_ip_frag_table_create(kBuckets, kBucketEntries, limits::kReassemblies,
                                       static_cast<std::uint64_t>(limits::kReassemblyTimeout.ns),
                                       socket));
  if (!table) return std::unexpected(std::string("no memory for the reassembly of fragments"));
  return std::unique_ptr<Reassembly>(new Reassembly(std::move(table), random));
}

std::uint8_t Reassembly::source_of(const net::IpView& ip) const {
  // A /32 or a /64 is one host, as for all buckets of strangers (data/admission.hpp).
  const std::size_t host = ip.family == IpFamily::kV4 ? 4 : 8;
  return static_cast<std::uint8_t>(hash_(std::span(ip.source_bytes(), host)));
}

rte_mbuf* Reassembly::add(rte_mbuf* frame, const net::IpView& ip, std::size_t header, MonoNs now,
                          bus::WorkerCounters& counters, Drops& drops) {
  const std::uint8_t source = source_of(ip);
  if (waiting_[source] >= limits::kFragmentsPerSource) {
    drops.drop(frame, DropReason::kIpFragmentLimit);
    return nullptr;
  }
  ++waiting_[source];
  frame->hash.usr = note(source, net::traffic_class_of(ip.packet.data()));
  std::uint8_t* packet = bytes_of(frame) + net::kEthernetSize;
  cut_to(frame, bytes_of(frame), net::kEthernetSize + ip.packet.size());
  frame->l2_len = net::kEthernetSize;
  frame->l3_len = header & 0x1ff;
  const bool v4 = ip.family == IpFamily::kV4;
  rte_mbuf* whole =
      v4 ? rte_ipv4_frag_reassemble_packet(table_.get(), &dead_, frame, now.ns,
                                           reinterpret_cast<rte_ipv4_hdr*>(packet))
         : rte_ipv6_frag_reassemble_packet(
               table_.get(), &dead_, frame, now.ns, reinterpret_cast<rte_ipv6_hdr*>(packet),
               reinterpret_cast<rte_ipv6_fragment_ext*>(packet + net::kIpv6Size));
  bury(frame, drops);
  return whole == nullptr ? nullptr : finish(whole, counters, drops);
}

rte_mbuf* Reassembly::finish(rte_mbuf* whole, bus::WorkerCounters& counters, Drops& drops) {
  std::uint8_t* ip = bytes_of(whole) + net::kEthernetSize;
  if (!keep_mark(whole, ip)) {
    give_up(whole, DropReason::kIpFragmentConflict, drops);
    return nullptr;
  }
  for (const rte_mbuf* part = whole; part != nullptr; part = part->next)
    --waiting_[noted_source(part)];
  counters.add(bus::WorkerCounter::kReassembled);
  counters.add(bus::WorkerCounter::kFragmentsJoined, whole->nb_segs);
  if (rte_pktmbuf_linearize(whole) != 0) {
    drops.drop(whole, DropReason::kNoHeadroom);
    return nullptr;
  }
  // What the port has verified it verified of the first fragment.
  whole->ol_flags &= ~(RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_IP_CKSUM_MASK);
  if ((ip[0] >> 4) == 4) {
    base::store_be16(&ip[10], 0);
    base::store_be16(&ip[10], net::internet_checksum({ip, std::size_t{ip[0] & 0x0fU} * 4}));
  }
  return whole;
}

void Reassembly::expire(MonoNs now, Drops& drops) {
  rte_ip_frag_table_del_expired_entries(table_.get(), &dead_, now.ns);
  bury(nullptr, drops);
}

/// What the library does not say: a fragment that it gives back alone found no place; one that it gives back with
/// others contradicts them; others alone have waited for too long.
DropReason Reassembly::why_dead(const rte_mbuf* newest) const {
  const auto dead = std::span(dead_.row).first(dead_.cnt);
  if (std::ranges::none_of(dead, [&](const rte_mbuf* each) { return holds(each, newest); }))
    return DropReason::kIpFragmentTimeout;
  return dead.size() == 1 && dead[0]->nb_segs == 1 ? DropReason::kIpFragmentLimit
                                                   : DropReason::kIpFragmentConflict;
}

void Reassembly::bury(const rte_mbuf* newest, Drops& drops) {
  if (dead_.cnt == 0) return;
  const DropReason reason = why_dead(newest);
  for (rte_mbuf* part : std::span(dead_.row).first(dead_.cnt))
    give_up(part, reason, drops);
  dead_.cnt = 0;
}

/// One fragment, or those that are joined to it already.
void Reassembly::give_up(rte_mbuf* part, DropReason reason, Drops& drops) {
  while (part != nullptr) {
    rte_mbuf* next = part->next;
    part->next = nullptr;
    part->nb_segs = 1;
    --waiting_[noted_source(part)];
    drops.drop(part, reason);
    part = next;
  }
}

}  // namespace jumpgate::data
