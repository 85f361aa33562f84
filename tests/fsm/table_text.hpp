/// The tables of spec/session-fsm.md, spec/reasons.md and docs/operations.md as text, made from the
/// code's lists, and the regions between the markers that hold them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jumpgate::testing {

/// From session::kTransitions: From | Trigger | To | Reasons.
std::string render_transitions();
/// From JG_REASONS: Number | Name | Meaning.
std::string render_reasons();
/// From JG_DROP_REASONS, JG_WORKER_COUNTERS and JG_CONTROLLER_COUNTERS: Counter | Meaning, under
/// the names of `jumpctl counters`.
std::string render_drops();
std::string render_worker_counters();
std::string render_controller_counters();
std::string render_transition_counters();

/// The text between the markers `<!-- NAME:begin -->` and `<!-- NAME:end -->`, each a line of its
/// own; nothing when a marker is missing.
std::optional<std::string> table_region(std::string_view document, std::string_view name = "table");
/// The document with another text between its markers.
std::optional<std::string> with_table_region(std::string_view document, std::string_view table,
                                             std::string_view name = "table");

/// A file's whole text; nothing when it can not be read.
std::optional<std::string> read_text(const std::string& path);

}  // namespace jumpgate::testing
