#include "report.hpp"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <rte_cycles.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace jumpgate::bench {
namespace {

double rounded(double value, int digits) {
  double scale = 1;
  for (int i = 0; i < digits; ++i)
    scale *= 10;
  return static_cast<double>(static_cast<long long>(value * scale + (value < 0 ? -0.5 : 0.5))) /
         scale;
}

double gbps(const Row& row) {
  return row.measured.mpps.median() * row.mean_size * 8 / 1e3;
}

double cycles(double ns) {
  return ns * static_cast<double>(rte_get_tsc_hz()) / 1e9;
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

double Row::own_ns() const {
  return measured.worker.median() - measured.port.median() - measured.aead.median();
}

double Row::ratio_to_aead() const {
  return measured.aead.median() / (measured.worker.median() - measured.port.median());
}

const char* name_of(Flow flow) {
  return flow == Flow::kSeal ? "seal" : "open";
}

const char* name_of(Suite suite) {
  return suite == Suite::kAes256Gcm ? "aes256gcm" : "chacha20poly1305";
}

Flow flow_of(const std::string& name) {
  return name == "seal" ? Flow::kSeal : Flow::kOpen;
}

Suite suite_of(const std::string& name) {
  return name == "aes256gcm" ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305;
}

nlohmann::json to_json(const Row& row) {
  nlohmann::json json{
      {"direction", name_of(row.flow)},
      {"suite", name_of(row.suite)},
      {"size", row.size},
      {"sessions", row.sessions},
      {"workers", row.workers},
      {"handoff", row.hand_off},
      {"features", row.features ? "all" : "none"},
      {"ns_per_packet", rounded(row.measured.worker.median(), 1)},
      {"cycles_per_packet", rounded(cycles(row.measured.worker.median()), 0)},
      {"mpps", rounded(row.measured.mpps.median(), 3)},
      {"gbps", rounded(gbps(row), 2)},
      {"aead_ns", rounded(row.measured.aead.median(), 1)},
      {"port_ns", rounded(row.measured.port.median(), 1)},
      {"own_ns", rounded(row.own_ns(), 1)},
      {"ratio_to_aead", rounded(row.ratio_to_aead(), 3)},
      {"spread", rounded(row.measured.worker.spread(), 3)},
  };
  if (row.size != "imix") json["size"] = std::stoi(row.size);
  return json;
}

nlohmann::json machine(const std::string& commit, bool huge) {
  utsname system{};
  uname(&system);
  return {{"commit", commit},
          {"cpu", processor()},
          {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
          {"tsc_hz", rte_get_tsc_hz()},
          {"kernel", system.release},
          {"compiler", __VERSION__},
          {"hugepages", huge}};
}

void print_header() {
  fmt::print(
      "{:<4} {:<16} {:>5} {:>8} {:>7} {:>7} | {:>8} {:>7} {:>7} {:>7} | {:>7} {:>6} {:>6} "
      "{:>5} {:>6}\n",
      "", "suite", "bytes", "sessions", "workers", "handoff", "ns", "cycles", "Mpps", "Gbit/s",
      "aead", "port", "own", "ratio", "spread");
}

void print(const Row& row) {
  fmt::print(
      "{:<4} {:<16} {:>5} {:>8} {:>7} {:>6}% | {:>8.1f} {:>7.0f} {:>7.3f} {:>7.2f} | "
      "{:>7.1f} {:>6.1f} {:>6.1f} {:>5.2f} {:>5.1f}%\n",
      name_of(row.flow), name_of(row.suite), row.size, row.sessions, row.workers, row.hand_off,
      row.measured.worker.median(), cycles(row.measured.worker.median()),
      row.measured.mpps.median(), gbps(row), row.measured.aead.median(), row.measured.port.median(),
      row.own_ns(), row.ratio_to_aead(), 100 * row.measured.worker.spread());
  std::fflush(stdout);
}

}  // namespace jumpgate::bench
