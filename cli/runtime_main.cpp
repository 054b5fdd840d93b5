// SPDX-License-Identifier: Apache-2.0
// weir-runtime [--pool POOL] ...: an OCI runtime that puts containers into pools and leaves all
// else to crun or runc. $WEIR_RUN_DIR names another run directory.
#include <cstdlib>

#include "weir/runtime/hook.h"

int main(int argc, char** argv) {
  const auto call = weir::parse_runtime_call({argv, argv + argc});
  if (!call) {
    weir::complain("weir: usage: runtime: " + call.error().message);
    return 2;
  }
  weir::HookOptions options;
  if (const char* folder = std::getenv("WEIR_RUN_DIR"); folder && *folder) options.run_dir = folder;
  return weir::run_runtime(*call, options);
}
