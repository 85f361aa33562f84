/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the sources of src/client share.

#include "client/session_core.hpp"
