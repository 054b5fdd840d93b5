// SPDX-License-Identifier: Apache-2.0
// What systemd tells, and is told, beside the bus.
#pragma once

#include <optional>
#include <string>

#include "weir/base/result.h"

namespace weir {

/// After a daemon-reload systemd remembers the file of a transient slice when it is gone, and then
/// nothing can be started in a slice of this name (kernel-notes). It looks again when a folder of
/// unit files has changed; those of transient units do not count.
void look_again_for_units();

/// Takes back what SystemdBus::set_properties() left for a unit that is not transient, for the next
/// time it is loaded. RevertUnitFiles of systemd would remove the administrator's own files, too.
Status forget_properties(const std::string& unit);

/// "8:16" of a device node or of /dev/block/8:16, as systemd names devices either way.
std::optional<std::string> device_number(const std::string& path);

}  // namespace weir
