/// The tables of spec/session-fsm.md and spec/reasons.md as text, made from the code's lists, and
/// the region between the markers that holds them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jumpgate::testing {

inline constexpr std::string_view kTableBegin = "<!-- table:begin -->\n";
inline constexpr std::string_view kTableEnd = "<!-- table:end -->\n";

/// From session::kTransitions: From | Trigger | To | Reasons.
std::string render_transitions();
/// From JG_REASONS: Number | Name | Meaning.
std::string render_reasons();

/// The text between the markers; nothing when a marker is missing.
std::optional<std::string> table_region(std::string_view document);
/// The document with another text between its markers.
std::optional<std::string> with_table_region(std::string_view document, std::string_view table);

/// A file's whole text; nothing when it can not be read.
std::optional<std::string> read_text(const std::string& path);

}  // namespace jumpgate::testing
