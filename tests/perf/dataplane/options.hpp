/// What a run measures; the defaults are the whole table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jumpgate::bench {

struct Options {
  std::vector<std::string> directions{"seal", "open"};
  std::vector<std::string> suites{"aes256gcm", "chacha20poly1305"};
  std::vector<std::string> sizes{"64", "256", "512", "1024", "1420", "imix"};
  std::vector<std::uint32_t> sessions{1, 1'000, 100'000, 1'000'000};
  std::vector<unsigned> workers{1, 2};
  std::vector<unsigned> hand_offs{0, 50, 100};
  std::vector<std::uint32_t> cpus{0, 1};  // of the workers
  std::uint32_t expanded_keys{0};         // 0: twice the sessions
  int chunks{255};                        // samples of a row
  bool huge{true};
  bool offloads{false};  // the port does the checksums
  std::string capture;   // only: seal its packets over DPDK's ports, for `seconds`
  unsigned seconds{2};
  std::string commit{"unknown"};
  std::string output;
};

}  // namespace jumpgate::bench
