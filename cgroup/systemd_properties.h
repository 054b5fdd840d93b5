// SPDX-License-Identifier: Apache-2.0
// What systemd calls the interface files of a unit's cgroup (systemd.resource-control(5), 252).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "weir/model/names.h"
#include "weir/model/observed.h"

namespace weir {

/// Values of D-Bus types b, t, s, ay, au, as and a(st).
using DeviceLimits = std::vector<std::pair<std::string, std::uint64_t>>;
using PropertyValue =
    std::variant<bool, std::uint64_t, std::string, std::vector<std::uint8_t>,
                 std::vector<std::uint32_t>, std::vector<std::string>, DeviceLimits>;

struct UnitProperty {
  std::string name;
  PropertyValue value;
  bool operator==(const UnitProperty&) const = default;
};

/// systemd's number for "no limit" and "not set".
inline constexpr std::uint64_t infinite = ~std::uint64_t{0};

/// The unit whose cgroup this is: a slice or scope with nothing but slices above it. Nothing for
/// what lies inside a scope, which is delegated.
std::optional<std::string> unit_of(const CgroupPath& cgroup);

/// The properties that make systemd write `value` to `file`; nothing for a file it has no property
/// for. Errc::failed for a value that no property can hold.
Result<std::optional<std::vector<UnitProperty>>> properties_for(std::string_view file,
                                                                std::string_view value);

/// The same for several files; those without a property are left out.
Result<std::vector<UnitProperty>> properties_of(const FileValues& files);

/// Whether the kernel's `text` of `file` has the `value` that was written; io.max has a line for
/// each device, and one of them was.
bool has_taken(std::string_view file, std::string_view text, std::string_view value);

/// What systemd would write into the files of a unit with these properties; files that it would
/// leave alone are not there. A device that `number_of` does not know is left out.
using DeviceNumbers = std::optional<std::string> (*)(const std::string& path);
FileValues files_of(const std::map<std::string, PropertyValue>& properties,
                    DeviceNumbers number_of);

/// CPUWeight and the accounting switch the controllers on for a unit (kernel.md #52).
std::vector<UnitProperty> properties_for_controllers();
/// The same and a description.
std::vector<UnitProperty> properties_of_unit(std::string description);
/// A scope in `slice` with these controllers delegated, which holds the process `first` and is
/// forgotten when it is empty. Tasks are limited by pools.
std::vector<UnitProperty> properties_of_scope(std::string description, std::string slice,
                                              std::vector<std::string> controllers,
                                              std::uint32_t first);

/// The properties files_of() looks at.
bool is_resource_property(std::string_view name);

}  // namespace weir
