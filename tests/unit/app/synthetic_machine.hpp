/// Machines that nobody has, described in hwloc's words: "numa:2 core:4 pu:2".
#pragma once

#include <gtest/gtest.h>
#include <hwloc.h>

#include "app/jumpgated/machine.hpp"

namespace jumpgate::app::test {

inline Machine synthetic_machine(const char* description) {
  hwloc_topology_t topology = nullptr;
  EXPECT_EQ(hwloc_topology_init(&topology), 0);
  EXPECT_EQ(hwloc_topology_set_synthetic(topology, description), 0);
  EXPECT_EQ(hwloc_topology_load(topology), 0);
  Machine machine = machine_of(topology);
  hwloc_topology_destroy(topology);
  return machine;
}

}  // namespace jumpgate::app::test
