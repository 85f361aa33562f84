// The data plane measured: ./run bench dataplane. One process, no NIC.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <fstream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <rte_mbuf.h>
#include <sodium/core.h>

#include "checks.hpp"
#include "ethdev/eal.hpp"
#include "lanes.hpp"
#include "options.hpp"
#include "over_ports.hpp"
#include "report.hpp"
#include "summary.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::uint16_t kImix[] = {64, 512, 64, 64, 512, 64, 1420, 64, 512, 64, 64, 512};
// Chunks of two lanes on their way, and what the caches of their lcores may hold back.
constexpr unsigned kMbufs = 8191;
constexpr unsigned kMbufCache = 256;

class Program {
 public:
  explicit Program(const Options& options) : options_(options) {}

  int run() {
    pool_ = rte_pktmbuf_pool_create("bench", kMbufs, kMbufCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
    if (pool_ == nullptr) return fail("no memory for packets");
    if (!options_.capture.empty()) return over_ports();
    if (const auto proven = prove_and_flood(); !proven) return fail(proven.error());
    print_header();
    for (const std::string& suite : options_.suites)
      for (const unsigned workers : options_.workers)
        for (const bool features : {false, true})
          if (const auto done = rows(suite_of(suite), workers, features); !done)
            return fail(done.error());
    return write();
  }

 private:
  static int fail(const std::string& what) {
    fmt::print(stderr, "dataplane: {}\n", what);
    return 1;
  }

  /// Before anything is measured: the worker refuses what it must, and a flood costs nobody.
  std::expected<void, std::string> prove_and_flood() {
    RigOptions wanted;
    wanted.sessions = 1'000;
    wanted.expanded_keys = 2'048;
    auto rig = Rig::create(wanted, pool_);
    if (!rig) return std::unexpected(rig.error());
    const auto proven = prove_checks(**rig);
    if (!proven) return std::unexpected("a check does not hold: " + proven.error());
    const auto flooded = flood(**rig, options_.chunks);
    if (!flooded) return std::unexpected(flooded.error());
    found_["checks"] = *proven;
    found_["flood"] = {{"good_sent", flooded->good_sent},
                       {"good_lost", flooded->good_lost},
                       {"garbage_sent", flooded->garbage},
                       {"ns_per_packet", flooded->ns_per_packet}};
    fmt::print("{} kinds of bad packets refused, each for its own reason\n", *proven);
    fmt::print("flood: {} good packets beside {} of garbage, {} lost, {:.0f} ns a packet\n",
               flooded->good_sent, flooded->garbage, flooded->good_lost, flooded->ns_per_packet);
    return {};
  }

  int over_ports() {
    const auto mpps =
        seal_capture(pool_, suite_of(options_.suites.at(0)), options_.capture, options_.seconds);
    if (!mpps) return fail(mpps.error());
    fmt::print("{}\n", nlohmann::json{{"mpps", *mpps}}.dump());
    return 0;
  }

  /// With features: of one session and one worker, which is what they are compared with.
  std::expected<void, std::string> rows(Suite suite, unsigned workers, bool features) {
    if (features && workers != 1) return {};
    RigOptions wanted;
    wanted.suite = suite;
    wanted.workers = workers;
    wanted.features = features;
    wanted.sessions =
        features ? 1 : std::max(workers, *std::ranges::max_element(options_.sessions));
    wanted.expanded_keys = options_.expanded_keys != 0
                               ? options_.expanded_keys
                               : std::bit_ceil(std::max(2 * wanted.sessions / workers, 1024U));
    if (options_.offloads) wanted.offloads = {true, true, true, true};
    auto rig = Rig::create(wanted, pool_);
    if (!rig) return std::unexpected(rig.error());
    if (features)
      if (const auto proven = prove_features(**rig); !proven) return proven;
    auto lanes = Lanes::create(**rig);
    if (!lanes) return std::unexpected(lanes.error());
    for (const std::string& direction : options_.directions)
      for (const std::uint32_t sessions : options_.sessions) {
        if (sessions > wanted.sessions) continue;
        if (auto done = rows(**rig, **lanes, direction, sessions); !done) return done;
      }
    hits_ += (*rig)->count(bus::WorkerCounter::kKeyCacheHits);
    misses_ += (*rig)->count(bus::WorkerCounter::kKeyCacheMisses);
    return {};
  }

  std::expected<void, std::string> rows(Rig& rig, Lanes& lanes, const std::string& direction,
                                        std::uint32_t sessions) {
    // Each worker needs sessions of its own, two to share them out between two senders.
    if (rig.workers() > 1 && sessions < 4 * rig.workers()) return {};
    Recipe recipe;
    recipe.flow = flow_of(direction);
    recipe.sessions = sessions;
    recipe.sizes = std::span(kImix).first(1);
    if (auto warm = lanes.warm(recipe); !warm) return warm;
    for (const std::string& size : options_.sizes) {
      const std::uint16_t fixed[] = {static_cast<std::uint16_t>(std::atoi(size.c_str()))};
      recipe.sizes = size == "imix" ? std::span<const std::uint16_t>(kImix) : fixed;
      for (const unsigned hand_off : options_.hand_offs) {
        if (hand_off != 0 && (rig.workers() == 1 || sessions != 1'000)) continue;
        recipe.hand_off = hand_off;
        auto measured = lanes.measure(recipe, options_.chunks);
        if (!measured) return std::unexpected(measured.error());
        Row row{recipe.flow, rig.options().suite, size,     mean(recipe.sizes),
                sessions,    rig.workers(),       hand_off, rig.options().features,
                *measured};
        print(row);
        rows_.push_back(std::move(row));
      }
    }
    return {};
  }

  static double mean(std::span<const std::uint16_t> sizes) {
    double sum = 0;
    for (const std::uint16_t size : sizes)
      sum += size;
    return sum / static_cast<double>(sizes.size());
  }

  int write() {
    nlohmann::json json = summary(options_, rows_);
    json.update(found_);
    json["expanded_key_hit_rate"] =
        static_cast<double>(hits_) /
        static_cast<double>(std::max<std::uint64_t>(hits_ + misses_, 1));
    for (const Row& row : rows_)
      json["rows"].push_back(to_json(row));
    json["machine"] = machine(options_.commit, options_.huge);
    if (options_.output.empty()) return 0;
    std::ofstream out(options_.output);
    out << json.dump(1) << '\n';
    if (!out) return fail("can not write " + options_.output);
    return 0;
  }

  const Options& options_;
  rte_mempool* pool_{nullptr};
  nlohmann::json found_ = nlohmann::json::object();
  std::uint64_t hits_{0};  // of the workers' caches of expanded keys
  std::uint64_t misses_{0};
  std::vector<Row> rows_;
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app("The gateway's data plane, measured over ports in memory");
  app.add_option("--directions", options.directions, "seal, open")->delimiter(',');
  app.add_option("--suites", options.suites, "aes256gcm, chacha20poly1305")->delimiter(',');
  app.add_option("--sizes", options.sizes, "bytes of inner packets, or imix")->delimiter(',');
  app.add_option("--sessions", options.sessions, "in uniformly random order")->delimiter(',');
  app.add_option("--workers", options.workers, "numbers of workers")->delimiter(',');
  app.add_option("--hand-offs", options.hand_offs, "percent")->delimiter(',');
  app.add_option("--cpus", options.cpus, "of the workers")->delimiter(',');
  app.add_option("--expanded-keys", options.expanded_keys, "of each worker; 0: twice the sessions");
  app.add_option("--chunks", options.chunks, "samples of a row")->check(CLI::Range(3, 10'000));
  app.add_option("--capture", options.capture, "only: seal these packets over net_pcap, net_null")
      ->check(CLI::ExistingFile);
  app.add_option("--seconds", options.seconds, "of --capture");
  app.add_option("--commit", options.commit, "goes into the output");
  app.add_option("--output", options.output, "JSON file");
  app.add_flag("--offloads", options.offloads, "as if the ports did all checksums");
  app.add_flag("!--no-huge", options.huge, "ordinary memory");
  CLI11_PARSE(app, argc, argv);

  if (sodium_init() < 0) return 1;
  ethdev::EalOptions eal;
  eal.program = "dataplane";
  eal.lcores = options.cpus;
  eal.huge = options.huge;
  if (const auto started = ethdev::start_eal(eal); !started) {
    fmt::print(stderr, "dataplane: {}\n", started.error());
    return 1;
  }
  const int result = Program(options).run();
  ethdev::stop_eal();
  return result;
}

}  // namespace
}  // namespace jumpgate::bench

int main(int argc, char** argv) {
  return jumpgate::bench::run(argc, argv);
}
