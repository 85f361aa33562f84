/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the sources of src/data share.

#include "data/shard.hpp"
