/// Precompiled for the sanitizer builds (tests/pch/unit.hpp): what the sources of src/config share.

#include "config/toml_reader.hpp"
