/// Standard input, output and error, whatever they are: closed, full, a pipe that nobody reads.
///
/// Owner thread: main, before any descriptor is opened; complain() any. Bound: three descriptors.
/// Failure: what can not be said on stderr is lost and nothing else; lost output is told by
/// output_is_whole(), for the exit status.
#pragma once

#include <string_view>

namespace jumpgate::app {

/// Closed ones become /dev/null: else the next socket or file would have their number, and be told
/// what is meant for people.
void hold_standard_streams();

/// From now on a reader that has gone is an error of a write, not the program's end: for those that
/// have more to do than to print.
void outlive_readers();

/// "PROGRAM: LINE" on stderr.
void complain(std::string_view program, std::string_view line);

/// Whether all of standard output, flushed now, was taken.
[[nodiscard]] bool output_is_whole();

}  // namespace jumpgate::app
