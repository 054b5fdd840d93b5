// SPDX-License-Identifier: Apache-2.0
// The compiled part of toml++, built into weir instead of loaded. As in the packaged library its
// assertions are off: some of them fail for what it then reports properly.
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
