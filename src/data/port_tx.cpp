#include "data/port_tx.hpp"

#include <rte_ether.h>

namespace jumpgate::data {

bool PortTx::insert_vlan(rte_mbuf* frame, std::uint16_t vlan) {
  // Offloads of the port count from the frame's start, which moves.
  frame->l2_len = RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
  frame->vlan_tci = vlan;
  return rte_vlan_insert(&frame) == 0;
}

}  // namespace jumpgate::data
