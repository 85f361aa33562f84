#include "record/recorder.hpp"

#include <algorithm>
#include <utility>

namespace jumpgate::record {
namespace {

/// A control message's plaintext without the zeros at its end.
Bytes trimmed(std::span<const std::uint8_t> payload) {
  const auto last = std::ranges::find_if(payload.rbegin(), payload.rend(),
                                         [](std::uint8_t byte) { return byte != 0; });
  return {payload.begin(), last.base()};
}

}  // namespace

Recorder::Recorder(Sink sink, const ctl::Ports& real,
                   std::span<const std::uint8_t, crypto::CidCipher::kKeySize> cid_key)
    : ports_(*this, real), cids_(cid_key), tape_(std::move(sink)) {}

template <class... Values>
void Recorder::begin(Input input, MonoNs now, const Values&... values) {
  newest_ = now;
  record_.clear();
  Writer writer(record_);
  pass_all(writer, input, last_tick_, now, values...);
  starting_ = input == Input::kStart;
  open_ = true;
  worth_it_ = true;
}

void Recorder::on_start(const ctl::Settings& settings, const config::GatewayConfig& config,
                        MonoNs now) {
  last_tick_ = now;
  begin(Input::kStart, now, settings, config);
}

void Recorder::on_control(const bus::Report& report,
                          std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                          MonoNs now) {
  begin(Input::kControl, now, report, trimmed(payload));
}

void Recorder::on_report(const bus::Report& report, MonoNs now) {
  begin(Input::kReport, now, report, taped(cids_, report.cid));
}

void Recorder::on_acknowledged(const bus::Command& command, MonoNs now) {
  begin(Input::kAcknowledged, now, command.session, command.tag, command.applied);
}

void Recorder::on_tick(bool due, MonoNs now) {
  begin(Input::kTick, now);
  worth_it_ = due;
  ticking_ = true;
}

void Recorder::on_link(std::uint8_t port, bool up) {
  begin(Input::kLink, newest_, port, up);
}

void Recorder::on_terminate(const SessionId& id, MonoNs now) {
  begin(Input::kTerminate, now, id);
}

void Recorder::on_rekey_asked(const SessionId& id, MonoNs now) {
  begin(Input::kAskRekey, now, id);
}

void Recorder::on_reload_begun(MonoNs now) {
  begin(Input::kReloadBegun, now);
}

void Recorder::on_reload(const config::GatewayConfig& next, MonoNs now) {
  begin(Input::kReload, now, next);
}

void Recorder::on_policy(const session::PolicySet& next, const std::string& how,
                         ctl::PolicyApplication application, MonoNs now) {
  begin(Input::kApplyPolicy, now, next, how, application);
}

void Recorder::on_refused(std::string_view field, MonoNs now) {
  begin(Input::kRefused, now, std::string(field));
}

void Recorder::on_stop() {
  begin(Input::kStop, newest_);
}

void Recorder::on_done() {
  if (open() && worth_it_ && !tape_.write(record_)) ended_ = true;
  if (std::exchange(ticking_, false)) last_tick_ = newest_;
  open_ = false;
  starting_ = false;
}

void Recorder::finish() {
  begin(Input::kEnd, newest_);
  on_done();
  ended_ = true;
}

bool Recorder::exchange(Call call, std::span<const std::uint8_t> asked, Bytes& result) {
  if (!open()) return true;
  worth_it_ = true;
  Writer writer(record_);
  pass(writer, call);
  for (const std::span<const std::uint8_t> part : {asked, std::span<const std::uint8_t>(result)}) {
    writer.number(part.size());
    writer.bytes(part);
  }
  return true;
}

}  // namespace jumpgate::record
