/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the tests of tests/pipeline share.

#include "../../tests/pipeline/harness.hpp"
