/// What nearly every unit test includes.
///
/// The headers of this folder and of tools/pch are precompiled, once a target, in the sanitizer builds, where parsing is
/// the larger part of the cost. Nothing relies on them: the other builds compile without.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
