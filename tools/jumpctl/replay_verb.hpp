/// `jumpctl replay FILE`: plays a gateway's recording to the controller in this program.
///
/// Asks no gateway. Exit status: 0 it decided the same again; 1 it did not, and the first difference
/// is named; 2 the file is no whole recording of this version.
#pragma once

#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

/// `options.target` is the file; with `events` the lines of all events are printed too.
int replay(const Options& options, const Output& output);

}  // namespace jumpgate::jumpctl
