#include "data/port_tx.hpp"

#include <rte_ether.h>

namespace jumpgate::data {

bool PortTx::insert_vlan(rte_mbuf* frame, std::uint16_t vlan) {
  // rte_vlan_insert adds the tag's size to it: the port's checksum offloads count from there.
  frame->l2_len = RTE_ETHER_HDR_LEN;
  frame->vlan_tci = vlan;
  return rte_vlan_insert(&frame) == 0;
}

}  // namespace jumpgate::data
