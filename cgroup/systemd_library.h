// SPDX-License-Identifier: Apache-2.0
// libsystemd, loaded when a bus is opened: nobody else pays for it.
#pragma once

#include <systemd/sd-bus.h>

#include "weir/base/result.h"

namespace weir {

#define WEIR_SD_FUNCTIONS(each)                                                          \
  each(bus_new) each(bus_set_address) each(bus_start) each(bus_open_system)              \
      each(bus_flush_close_unref) each(bus_call) each(bus_process) each(bus_wait)        \
          each(bus_error_free) each(bus_message_new_method_call) each(bus_message_unref) \
              each(bus_message_append) each(bus_message_append_array)                    \
                  each(bus_message_open_container) each(bus_message_close_container)     \
                      each(bus_message_enter_container) each(bus_message_exit_container) \
                          each(bus_message_read) each(bus_message_read_array)            \
                              each(bus_message_peek_type) each(bus_message_skip)         \
                                  each(bus_message_at_end) each(bus_message_is_signal)   \
                                      each(bus_path_encode) each(bus_match_signal)

/// The functions of sd-bus(3) that weir calls, without the prefix "sd_". They stay for as long as
/// the program runs.
struct SystemdLibrary {
#define WEIR_DECLARE(name) decltype(&::sd_##name) name = nullptr;
  WEIR_SD_FUNCTIONS(WEIR_DECLARE)
#undef WEIR_DECLARE

  /// Errc::unsupported, with a remedy, where the library is not installed.
  static Result<const SystemdLibrary*> load();
};

}  // namespace weir
