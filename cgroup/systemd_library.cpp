// SPDX-License-Identifier: Apache-2.0
#include "systemd_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace weir {

Result<const SystemdLibrary*> SystemdLibrary::load() {
  static SystemdLibrary library;
  static bool complete = false;
  if (complete) return &library;
  void* handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(Errc::unsupported, fmt::format("cannot talk to systemd: {}", ::dlerror()),
                "install libsystemd0");
#define WEIR_FIND(name)                                                                  \
  library.name = reinterpret_cast<decltype(library.name)>(::dlsym(handle, "sd_" #name)); \
  if (library.name == nullptr)                                                           \
    return fail(Errc::unsupported, "libsystemd has no sd_" #name, "install libsystemd0 of 252");
  WEIR_SD_FUNCTIONS(WEIR_FIND)
#undef WEIR_FIND
  complete = true;
  return &library;
}

}  // namespace weir
