#include "tools/jumpgen/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/jumpctl/text_table.hpp"

namespace jumpgate::jumpgen {
namespace {

using nlohmann::json;

double micros(Duration duration) {
  return static_cast<double>(duration.ns) / 1000;
}

double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1'000'000'000;
}

json to_json(const Histogram& times) {
  return {{"count", times.count()},
          {"p50_us", micros(times.percentile(0.50))},
          {"p90_us", micros(times.percentile(0.90))},
          {"p99_us", micros(times.percentile(0.99))},
          {"p999_us", micros(times.percentile(0.999))},
          {"max_us", micros(times.largest())}};
}

double per_second(std::uint64_t count, Duration took) {
  return took.ns > 0 ? static_cast<double>(count) / in_seconds(took) : 0;
}

json to_json(const DirectionCounts& counts, const Histogram& latency, Duration took) {
  return {{"sent", counts.sent},
          {"received", counts.received},
          {"lost", counts.lost()},
          {"reordered", counts.reordered},
          {"foreign", counts.foreign},
          {"stray", counts.stray},
          {"late", counts.late},
          {"mpps_sent", per_second(counts.sent, took) / 1e6},
          {"mpps", per_second(counts.received, took) / 1e6},
          {"gbps", per_second(counts.received_bytes * 8, took) / 1e9},
          {"latency", to_json(latency)}};
}

json to_json(const TrialResult& trial) {
  const SessionCounts& sessions = trial.sessions;
  return {{"rate_pps", trial.load.rate},
          {"seconds", in_seconds(trial.took)},
          {"kept_up", trial.kept_up()},
          {"up", to_json(trial.up, trial.up_latency, trial.took)},
          {"down", to_json(trial.down, trial.down_latency, trial.took)},
          {"jumps",
           {{"begun", sessions.jumps_begun},
            {"done", sessions.jumps_done},
            {"failed_attempts", sessions.jumps_failed},
            {"unasked", sessions.moves_unasked},
            {"time", to_json(trial.jump_time)}}},
          {"sessions_begun", sessions.attached},
          {"sessions_ended", sessions.ended}};
}

json to_json(const client::DropCounters& drops) {
  json counts = json::object();
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (drops.count(reason) > 0) counts[std::string(to_string(reason))] = drops.count(reason);
  }
  return counts;
}

void add_row(jumpctl::TextTable& table, const TrialResult& trial, const char* name,
             const DirectionCounts& counts, const Histogram& latency) {
  table.add({name, trial.load.rate == 0 ? "flat out" : fmt::format("{}", trial.load.rate),
             fmt::format("{}", counts.sent), fmt::format("{}", counts.lost()),
             fmt::format("{}", counts.reordered),
             fmt::format("{:.3f}", per_second(counts.received, trial.took) / 1e6),
             fmt::format("{:.3f}", per_second(counts.received_bytes * 8, trial.took) / 1e9),
             fmt::format("{:.0f}", micros(latency.percentile(0.50))),
             fmt::format("{:.0f}", micros(latency.percentile(0.99))),
             fmt::format("{:.0f}", micros(latency.largest()))});
}

}  // namespace

json to_json(const Report& report) {
  json trials = json::array();
  for (const TrialResult& trial : report.trials)
    trials.push_back(to_json(trial));
  json whole{{"size", report.size},
             {"suite", report.suite},
             {"sessions",
              {{"wanted", report.opening.wanted},
               {"attached", report.opening.attached},
               {"seconds", in_seconds(report.opening.took)},
               {"time", to_json(report.attach_time)}}},
             {"trials", std::move(trials)},
             {"client_drops", to_json(report.drops)},
             {"misdirected", report.misdirected},
             {"generator_refused", report.refused}};
  if (report.no_drop_rate) {
    whole["no_drop_rate_pps"] = *report.no_drop_rate;
    whole["best_trial"] = report.best_trial ? json(*report.best_trial) : json(nullptr);
  }
  return whole;
}

std::string to_text(const Report& report) {
  using jumpctl::Align;
  std::string text =
      fmt::format("{} of {} sessions in {:.2f} s (half of them within {:.1f} ms)\n",
                  report.opening.attached, report.opening.wanted, in_seconds(report.opening.took),
                  micros(report.attach_time.percentile(0.5)) / 1000);
  jumpctl::TextTable table({{"way"},
                            {"rate", Align::kRight},
                            {"sent", Align::kRight},
                            {"lost", Align::kRight},
                            {"reordered", Align::kRight},
                            {"Mpps", Align::kRight},
                            {"Gbit/s", Align::kRight},
                            {"p50 us", Align::kRight},
                            {"p99 us", Align::kRight},
                            {"max us", Align::kRight}});
  for (const TrialResult& trial : report.trials) {
    if (trial.load.up) add_row(table, trial, "up", trial.up, trial.up_latency);
    if (trial.load.down) add_row(table, trial, "down", trial.down, trial.down_latency);
  }
  text += table.render();
  for (const TrialResult& trial : report.trials) {
    if (!trial.kept_up())
      text += fmt::format("at {} packets/s the generator itself fell behind\n", trial.load.rate);
    const SessionCounts& sessions = trial.sessions;
    if (sessions.jumps_begun > 0)
      text += fmt::format(
          "{} jumps, {} done, half of them within {:.1f} ms, all within {:.1f} ms\n",
          sessions.jumps_begun, sessions.jumps_done, micros(trial.jump_time.percentile(0.5)) / 1000,
          micros(trial.jump_time.largest()) / 1000);
    if (sessions.ended > 0)
      text += fmt::format("{} sessions ended during the trial\n", sessions.ended);
  }
  if (report.no_drop_rate == 0)
    text += "no rate found: in every trial packets were lost, or the generator fell behind\n";
  else if (report.no_drop_rate)
    text +=
        fmt::format("no packet lost up to {} packets/s in each direction\n", *report.no_drop_rate);
  return text;
}

}  // namespace jumpgate::jumpgen
