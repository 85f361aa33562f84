/// Stateless resets (spec/wire.md "RESET") and the node's secret behind their tokens.
///
/// Owner thread: the controller. Bound: one a second for each source, 1000 a second in all,
/// kMaxSources sources. Failure: beyond the rate nothing is sent, and counted.
#pragma once

#include <expected>
#include <string>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "base/token_bucket.hpp"
#include "crypto/key_schedule.hpp"
#include "ctl/core.hpp"
#include "ctl/source_limiter.hpp"

namespace jumpgate::ctl {

/// K_reset from its file, which is made, readable by its owner alone, when there is none. For
/// src/app, before the controller starts. Failure: the text says which file and why.
[[nodiscard]] std::expected<crypto::ResetKey, std::string> load_reset_key(
    const std::string& path, base::RandomSource& random);

class Resets {
 public:
  static constexpr std::size_t kMaxSources = 65536;

  Resets(Core& core, MonoNs now);

  /// `type`, `size`: of the datagram that named no session.
  void on_unknown_cid(wire::Type type, ConnectionId cid, const Endpoint& from, const Endpoint& to,
                      std::uint64_t size, MonoNs now);

 private:
  Core& core_;
  SourceLimiter sources_;
  base::TokenBucket all_;
};

}  // namespace jumpgate::ctl
