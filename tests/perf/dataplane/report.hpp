/// What a run found: build/bench/dataplane.json, and the same as a table for people.
///
/// Owner thread: main. Times in nanoseconds, medians; `spread` is the distance of the quartiles over
/// the median (samples.hpp).
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "lanes.hpp"

namespace jumpgate::bench {

/// One row: what was measured, and the figures of it.
struct Row {
  Flow flow{};
  Suite suite{};
  std::string size;  // bytes, or "imix"
  double mean_size{0};
  std::uint32_t sessions{0};
  unsigned workers{0};
  unsigned hand_off{0};
  bool features{false};
  Measured measured;

  [[nodiscard]] double own_ns() const;
  [[nodiscard]] double ratio_to_aead() const;
};

const char* name_of(Flow flow);
const char* name_of(Suite suite);
Flow flow_of(const std::string& name);
Suite suite_of(const std::string& name);

nlohmann::json to_json(const Row& row);
/// Processor, kernel, compiler, hugepages; `commit` is the caller's.
nlohmann::json machine(const std::string& commit, bool huge);

void print_header();
void print(const Row& row);

}  // namespace jumpgate::bench
