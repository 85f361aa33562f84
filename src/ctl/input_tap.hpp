/// Who is told of each input of the controller's core before the core works on it: the recorder.
///
/// Left out: HELLOs and datagrams for unknown ids. What stands between strangers and the sessions
/// (cookies, buckets, resets) decides about no session; a HELLO that was let through comes back as a
/// handshake job. Owner thread: the controller. Bound: none of its own. Failure: none that the core
/// would notice.
#pragma once

#include <span>
#include <string_view>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "config/gateway_config.hpp"
#include "ctl/policy_history.hpp"
#include "session/policy_set.hpp"

namespace jumpgate::ctl {

class InputTap {
 public:
  InputTap() = default;
  InputTap(const InputTap&) = delete;
  InputTap& operator=(const InputTap&) = delete;
  virtual ~InputTap() = default;

  virtual void on_control(const bus::Report& report,
                          std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                          MonoNs now) = 0;
  virtual void on_report(const bus::Report& report, MonoNs now) = 0;
  virtual void on_acknowledged(const bus::Command& command, MonoNs now) = 0;
  /// `due`: a timer is, or a slice of something; else only what the ports hand in can make it count.
  virtual void on_tick(bool due, MonoNs now) = 0;
  virtual void on_link(std::uint8_t port, bool up) = 0;
  virtual void on_terminate(const SessionId& id, MonoNs now) = 0;
  virtual void on_rekey_asked(const SessionId& id, MonoNs now) = 0;
  virtual void on_reload_begun(MonoNs now) = 0;
  virtual void on_reload(const config::GatewayConfig& next, MonoNs now) = 0;
  virtual void on_policy(const session::PolicySet& next, const std::string& how,
                         PolicyApplication application, MonoNs now) = 0;
  virtual void on_refused(std::string_view field, MonoNs now) = 0;
  virtual void on_stop() = 0;
  /// The core is done with the input.
  virtual void on_done() = 0;
};

}  // namespace jumpgate::ctl
