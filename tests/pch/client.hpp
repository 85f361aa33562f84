/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the tests of src/client share.

#include <gtest/gtest.h>

#include "../../tests/unit/client/harness.hpp"
