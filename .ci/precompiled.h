// SPDX-License-Identifier: Apache-2.0
// What nearly every source includes, compiled once for a CI build (./dev configure). No source may
// count on it: the build of the fuzz targets, by another compiler, does without.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>
