/// The verbs that read an event log: of the gateway behind the socket, or of files that are named.
///
/// Bound: the log is read as a stream; what is kept of it is bounded in src/audit. Exit status: 0
/// found, or without fault; 1 no such session, or faults found; 2 no log to read.
#pragma once

#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

/// The life of `options.target`, a session's id or a peer's name.
int show_timeline(const Options& options, const Output& output);
/// Every line against the rules of spec/events.md.
int verify_events(const Options& options, const Output& output);

}  // namespace jumpgate::jumpctl
