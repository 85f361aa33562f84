#include "record/playback.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace jumpgate::record {
namespace {

std::string readable(Call call, std::span<const std::uint8_t> bytes) {
  if (call == Call::kEvent) return {bytes.begin(), bytes.end()};
  return base::format_hex(bytes);
}

struct Recorded {
  Call call{};
  std::span<const std::uint8_t> asked;
  std::span<const std::uint8_t> result;

  [[nodiscard]] std::string text() const {
    return fmt::format("{} {}", to_string(call), readable(call, asked));
  }
};

std::optional<Recorded> read_exchange(Reader& reader) {
  Recorded recorded;
  pass(reader, recorded.call);
  for (auto* part : {&recorded.asked, &recorded.result}) {
    std::uint64_t size = 0;
    pass(reader, size);
    *part = reader.take(size);
  }
  if (reader.failed()) return std::nullopt;
  return recorded;
}

}  // namespace

void Playback::play(Reader exchanges, bool starting, std::uint32_t peers) {
  rest_ = exchanges;
  open_ = true;
  starting_ = starting;
  peers_ = peers;
}

void Playback::end() {
  open_ = false;
  if (fault_ || rest_.left() == 0) return;
  const auto left = read_exchange(rest_);
  if (left)
    fail(ReplayFault::Kind::kDifference,
         fmt::format("recorded: {}; replayed: nothing more", left->text()));
  else
    fail(ReplayFault::Kind::kFile, "an exchange in it is not whole");
}

std::optional<std::uint64_t> Playback::next_job() const {
  Reader ahead = rest_;
  if (!open_ || fault_ || ahead.left() == 0) return std::nullopt;
  const auto next = read_exchange(ahead);
  if (!next || next->call != Call::kPollJob) return std::nullopt;
  Reader asked(next->asked);
  std::uint64_t number = 0;
  pass(asked, number);
  return number;
}

bool Playback::exchange(Call call, std::span<const std::uint8_t> asked, Bytes& result) {
  if (fault_) return false;
  const bool more = open_ && rest_.left() > 0;
  const auto recorded = more ? read_exchange(rest_) : std::nullopt;
  if (more && !recorded) {
    fail(ReplayFault::Kind::kFile, "an exchange in it is not whole");
    return false;
  }
  if (!recorded || recorded->call != call || !std::ranges::equal(recorded->asked, asked)) {
    const Recorded replayed{.call = call, .asked = asked, .result = {}};
    fail(ReplayFault::Kind::kDifference,
         fmt::format("recorded: {}; replayed: {}", recorded ? recorded->text() : "nothing more",
                     replayed.text()));
    return false;
  }
  result.assign(recorded->result.begin(), recorded->result.end());
  ++done.exchanges;
  if (call == Call::kEvent) {
    ++done.events;
    event_(readable(call, asked));
  }
  return true;
}

void Playback::nonsense(Call call) {
  if (!fault_)
    fail(ReplayFault::Kind::kFile, fmt::format("{}: no port answers like that", to_string(call)));
}

void Playback::fail(ReplayFault::Kind kind, std::string text) {
  fault_ = ReplayFault{.kind = kind, .text = std::move(text)};
}

}  // namespace jumpgate::record
