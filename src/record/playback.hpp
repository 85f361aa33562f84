/// The recorded exchanges of one input at a time: each that the core makes must be the next of them,
/// and gets its recorded answer.
///
/// Owner thread: that of the replay. Bound: one record. Failure: fault() is the first difference, or
/// the first answer that no port gives; from then on the core gets no answers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/entries.hpp"
#include "record/replayed.hpp"

namespace jumpgate::record {

class Playback final : public Exchange {
 public:
  /// `event` gets the line of each event.
  explicit Playback(const std::function<void(std::string_view)>& event) : event_(event) {}

  /// The exchanges of a record; `peers` is how many the core has.
  void play(Reader exchanges, bool starting, std::uint32_t peers);
  /// The core is done; what of the record it did not do is a difference.
  void end();
  [[nodiscard]] const std::optional<ReplayFault>& fault() const { return fault_; }
  /// The number of the job that is taken next, if that is what comes next.
  [[nodiscard]] std::optional<std::uint64_t> next_job() const;

  // Exchange
  [[nodiscard]] bool open() const override { return open_; }
  [[nodiscard]] bool starting() const override { return starting_; }
  [[nodiscard]] bool has_peer(std::uint32_t peer) const override { return peer < peers_; }
  [[nodiscard]] bool exchange(Call call, std::span<const std::uint8_t> asked,
                              Bytes& result) override;
  void nonsense(Call call) override;

  Replayed done;

 private:
  void fail(ReplayFault::Kind kind, std::string text);

  const std::function<void(std::string_view)>& event_;
  Reader rest_{{}};
  bool open_{false};
  bool starting_{false};
  std::uint32_t peers_{0};
  std::optional<ReplayFault> fault_;
};

}  // namespace jumpgate::record
