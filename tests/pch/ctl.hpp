/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the tests of src/ctl share.

#include "../../tests/unit/ctl/gateway_fixture.hpp"
