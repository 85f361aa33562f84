/// The verbs of the policy: check and diff judge a document here, the others ask the gateway.
///
/// Exit status: 0 done (diff: no difference); 1 the gateway refused it (diff: it differs); 2 the
/// document can not be used, or no gateway answers.
#pragma once

#include <string>

#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

/// `verb` is one of check, show, diff, apply, history; `options.target` the document.
int policy(const std::string& verb, const Options& options, const Output& output);

}  // namespace jumpgate::jumpctl
