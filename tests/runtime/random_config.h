// SPDX-License-Identifier: Apache-2.0
// Random weir.toml texts that mostly fit fake_host().
#pragma once

#include <string>

#include "policy/random.h"

namespace weir::testing {

/// One to twelve pools on up to three levels with every kind of value. Drawn from a short list of
/// names, so that two of them share pools, at the same place or at another.
std::string random_config(Random& random);

}  // namespace weir::testing
