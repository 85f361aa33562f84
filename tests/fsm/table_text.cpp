#include "tests/fsm/table_text.hpp"

#include <fstream>
#include <iterator>

#include <fmt/core.h>

#include <jumpgate/drops.hpp>
#include <jumpgate/reasons.hpp>

#include "bus/worker_counters.hpp"
#include "ctl/counters.hpp"
#include "session/fsm.hpp"

namespace jumpgate::testing {

namespace {

struct Region {
  std::size_t begin;
  std::size_t end;
};

std::optional<Region> find_region(std::string_view document, std::string_view name) {
  const std::string opening = fmt::format("<!-- {}:begin -->\n", name);
  const std::size_t begin = document.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t text = begin + opening.size();
  const std::size_t end = document.find(fmt::format("<!-- {}:end -->\n", name), text);
  if (end == std::string_view::npos) return std::nullopt;
  return Region{text, end};
}

std::string render(std::span<const Reason> reasons) {
  std::string text;
  for (const Reason reason : reasons) {
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", to_string(reason));
  }
  return text;
}

template <typename List>
std::string render_counters(std::string_view prefix, const List& list) {
  std::string table = "| Counter | Meaning |\n|---|---|\n";
  for (const auto counter : list) {
    table += fmt::format("| `{}{}` | {} |\n", prefix, to_string(counter), describe(counter));
  }
  return table;
}

}  // namespace

std::string render_transitions() {
  std::string table = "| From | Trigger | To | Reasons |\n|---|---|---|---|\n";
  std::string above;
  for (const session::Transition& line : session::kTransitions) {
    const std::string reasons = render(line.reasons);
    table += fmt::format("| {} | {} | {} | {} |\n", to_string(line.from), to_string(line.trigger),
                         to_string(line.to), reasons == above ? "as above" : reasons);
    above = reasons;
  }
  return table;
}

std::string render_reasons() {
  std::string table = "| Number | Name | Meaning |\n|---|---|---|\n";
  for (const Reason reason : kAllReasons) {
    table += fmt::format("| {} | `{}` | {} |\n", static_cast<unsigned>(reason), to_string(reason),
                         describe(reason));
  }
  return table;
}

std::string render_drops() {
  return render_counters("drop.", kAllDropReasons);
}

std::string render_worker_counters() {
  return render_counters("", bus::kAllWorkerCounters);
}

std::string render_controller_counters() {
  return render_counters("ctl.", ctl::kAllControllerCounters);
}

std::string render_transition_counters() {
  return render_counters("transition.", session::kTransitionReasons);
}

std::optional<std::string> table_region(std::string_view document, std::string_view name) {
  const auto region = find_region(document, name);
  if (!region) return std::nullopt;
  return std::string(document.substr(region->begin, region->end - region->begin));
}

std::optional<std::string> with_table_region(std::string_view document, std::string_view table,
                                             std::string_view name) {
  const auto region = find_region(document, name);
  if (!region) return std::nullopt;
  return fmt::format("{}{}{}", document.substr(0, region->begin), table,
                     document.substr(region->end));
}

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace jumpgate::testing
