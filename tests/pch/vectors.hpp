/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the tests of tests/vectors share.

#include "../../tests/vectors/vectors.hpp"
