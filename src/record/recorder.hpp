/// Records what the controller's core is told and what it does about it.
///
///   inputs ──► InputTap ──┐
///   ports  ──► Exchange ──┴──► one record an input ──► TapeWriter ──► sink
///
/// Owner thread: the controller's. Bound: the sink's; the first record that it does not take is the
/// last. A tick is recorded only when something was due or came, with the time of the last one that
/// was not, so that the timer wheel of a replay stands where ours stood. Failure: ended() says that
/// nothing is recorded any more; the core notices nothing.
#pragma once

#include <string>

#include "crypto/connection_id.hpp"
#include "ctl/input_tap.hpp"
#include "record/tape.hpp"
#include "record/taped_ports.hpp"

namespace jumpgate::record {

class Recorder final : public ctl::InputTap, public Exchange {
 public:
  /// Ids that this gateway issued are recorded as what they mean; `cid_key` reads them.
  Recorder(Sink sink, const ctl::Ports& real,
           std::span<const std::uint8_t, crypto::CidCipher::kKeySize> cid_key);

  /// What the core is to have for its ports.
  [[nodiscard]] ctl::Ports ports() { return ports_.ports(); }
  [[nodiscard]] audit::EventObserver& events() { return ports_; }
  /// Before the core is made; on_done() after it.
  void on_start(const ctl::Settings& settings, const config::GatewayConfig& config, MonoNs now);
  /// The last record: all before it is whole.
  void finish();
  [[nodiscard]] bool ended() const { return ended_; }

  // ctl::InputTap
  void on_control(const bus::Report& report,
                  std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                  MonoNs now) override;
  void on_report(const bus::Report& report, MonoNs now) override;
  void on_acknowledged(const bus::Command& command, MonoNs now) override;
  void on_tick(bool due, MonoNs now) override;
  void on_link(std::uint8_t port, bool up) override;
  void on_terminate(const SessionId& id, MonoNs now) override;
  void on_rekey_asked(const SessionId& id, MonoNs now) override;
  void on_reload_begun(MonoNs now) override;
  void on_reload(const config::GatewayConfig& next, MonoNs now) override;
  void on_policy(const session::PolicySet& next, const std::string& how,
                 ctl::PolicyApplication application, MonoNs now) override;
  void on_refused(std::string_view field, MonoNs now) override;
  void on_stop() override;
  void on_done() override;

  // Exchange
  [[nodiscard]] bool open() const override { return open_ && !ended_; }
  [[nodiscard]] bool starting() const override { return starting_; }
  [[nodiscard]] bool has_peer(std::uint32_t /*peer*/) const override { return true; }
  [[nodiscard]] bool exchange(Call call, std::span<const std::uint8_t> asked,
                              Bytes& result) override;
  /// Of a real port: an answer that can not be played again ends the recording.
  void nonsense(Call /*call*/) override { ended_ = true; }

 private:
  template <class... Values>
  void begin(Input input, MonoNs now, const Values&... values);

  TapedPorts ports_;
  crypto::CidCipher cids_;
  TapeWriter tape_;
  Bytes record_;
  bool open_{false};
  bool starting_{false};
  bool ticking_{false};   // the input that is open is a tick
  bool worth_it_{false};  // the record of the tick that is open says something
  bool ended_{false};
  MonoNs last_tick_{};  // that is over
  MonoNs newest_{};     // of an input
};

}  // namespace jumpgate::record
