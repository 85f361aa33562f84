#include "tools/jumpctl/trace_verb.hpp"

#include <chrono>
#include <iterator>
#include <ostream>
#include <thread>
#include <variant>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "api/client.hpp"
#include "api/protocol.hpp"
#include "tools/jumpctl/render.hpp"

namespace jumpgate::jumpctl {
namespace {

using Clock = std::chrono::steady_clock;
/// A gateway is asked so often: people do not see the difference, and it costs it nothing.
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

int trace(const Options& options, const Output& output) {
  auto client = api::Client::connect(options.socket);
  if (!client) return fail(output, client.error());
  const auto begun = client->request(api::TraceRequest{
      .target = options.target, .count = options.packets, .seconds = options.seconds});
  if (!begun) return fail(output, begun.error());
  const auto& trace = std::get<api::TraceBegun>(*begun);
  const auto end = Clock::now() + std::chrono::seconds(options.seconds);
  api::TracePage all;
  while (all.packets.size() < options.packets) {
    const bool over = Clock::now() >= end;
    const auto page =
        client->request(api::TraceReadRequest{.worker = trace.worker, .serial = trace.serial});
    if (!page) return fail(output, page.error());
    const auto& seen = std::get<api::TracePage>(*page).packets;
    if (!options.json) output.out << render(std::get<api::TracePage>(*page)) << std::flush;
    all.packets.insert(all.packets.end(), seen.begin(), seen.end());
    if (!seen.empty()) continue;
    // What came up to the last moment is read after it.
    if (over) break;
    std::this_thread::sleep_for(kPause);
  }
  if (options.json) output.out << to_text(api::to_json(all));
  if (all.packets.size() < options.packets)
    output.err << fmt::format("jumpctl: {} packets in {} s\n", all.packets.size(), options.seconds);
  return kDone;
}

}  // namespace jumpgate::jumpctl
