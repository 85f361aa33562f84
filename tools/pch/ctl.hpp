/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the sources of src/ctl share.

#include "ctl/core.hpp"
