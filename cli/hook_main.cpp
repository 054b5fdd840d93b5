// SPDX-License-Identifier: Apache-2.0
// weir-hook STAGE: what a container runtime calls. Small and static: it runs at every start.
#include <cstring>
#include <string_view>

#include "hook_entry.h"

int main(int argc, char** argv) {
  return weir::cli::hook_entry({argv + (argc > 0 ? 1 : 0), argv + argc});
}
