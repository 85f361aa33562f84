/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the sources of tests/sim share.

#include "../../tests/sim/world.hpp"
