/// Fragments that wait for the rest of their datagram (DPDK's rte_ip_frag), where the operator wants it.
///
/// Purpose: what a path cut on its way to us becomes the datagram it was, in one segment and with the headers it
/// would have had whole. Overlapping fragments cost the whole datagram (RFC 5722, RFC 8200 section 4.5); congestion
/// that one fragment met is kept (RFC 3168 section 5.3).
/// Owner thread: the worker. Bound: limits::kReassemblies datagrams, kFragmentsPerSource fragments of one source
/// (sources that collide under a keyed hash count as one), kReassemblyTimeout; the table is taken by create(), the
/// buffers beside all others (kMaxWaiting). Failure: each fragment that is given up is a drop of its own:
/// `ip_fragment_conflict`, `ip_fragment_timeout`, `ip_fragment_limit`. spec/path-mtu.md "Outer fragments".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>

#include <rte_ip_frag.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "data/batch.hpp"
#include "net/frame_parse.hpp"

namespace jumpgate::data {

class Reassembly {
 public:
  /// Fragments that wait at most: the last of a datagram waits no more.
  static constexpr std::size_t kMaxWaiting = limits::kReassemblies * (limits::kMaxFragments - 1);
  static std::size_t footprint();
  static std::expected<std::unique_ptr<Reassembly>, std::string> create(base::RandomSource& random,
                                                                        int socket);

  /// Takes an Ethernet frame of one segment with the fragment `ip`, whose payload begins `header` bytes into the
  /// packet and which outer_fragments found sound. Returns the frame of the whole datagram, or nullptr.
  rte_mbuf* add(rte_mbuf* frame, const net::IpView& ip, std::size_t header, MonoNs now,
                bus::WorkerCounters& counters, Drops& drops);
  /// Gives up what has waited for too long: at most a few hundred fragments a call, the oldest first.
  void expire(MonoNs now, Drops& drops);

 private:
  struct TableFree {
    void operator()(rte_ip_frag_tbl* table) const { rte_ip_frag_table_destroy(table); }
  };
  using Table = std::unique_ptr<rte_ip_frag_tbl, TableFree>;

  Reassembly(Table table, base::RandomSource& random) : table_(std::move(table)), hash_(random) {}
  [[nodiscard]] std::uint8_t source_of(const net::IpView& ip) const;
  rte_mbuf* finish(rte_mbuf* whole, bus::WorkerCounters& counters, Drops& drops);
  void bury(const rte_mbuf* newest, Drops& drops);
  void give_up(rte_mbuf* part, DropReason reason, Drops& drops);
  [[nodiscard]] DropReason why_dead(const rte_mbuf* newest) const;

  Table table_;
  base::KeyedHash hash_;
  std::array<std::uint16_t, 256> waiting_{};  // fragments of each source
  rte_ip_frag_death_row dead_{};              // what the table gave up, until the call is over
};

}  // namespace jumpgate::data
