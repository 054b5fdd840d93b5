// SPDX-License-Identifier: Apache-2.0
// Block devices, the limits that io.max puts on them, and which of them carries the limit of a
// path.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

/// "254:0" as the kernel writes it. Major 0 is an anonymous device: a file system without one.
struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  auto operator<=>(const DeviceNumber&) const = default;
  static std::optional<DeviceNumber> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

/// The four rates of a device, in the order in which io.max prints them.
enum class IoRate { read_bps, write_bps, read_iops, write_iops };
inline constexpr std::array all_io_rates{IoRate::read_bps, IoRate::write_bps, IoRate::read_iops,
                                         IoRate::write_iops};
/// As weir.toml spells it: "read_bps".
std::string_view to_text(IoRate rate);

/// One number for each rate, in bytes or operations a second; absent: no limit, or not declared.
struct IoRates {
  std::array<std::optional<std::int64_t>, 4> rate = {};
  std::optional<std::int64_t>& operator[](IoRate r) { return rate[static_cast<std::size_t>(r)]; }
  const std::optional<std::int64_t>& operator[](IoRate r) const {
    return rate[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] bool any() const;
  bool operator==(const IoRates&) const = default;
};

/// io.max refuses 0 with ERANGE and 1 with EINVAL (block/blk-throttle.c, tg_set_limit).
inline constexpr std::int64_t least_io_limit = 2;

/// A cgroup's whole io.max; a device without limits has no entry.
using IoMax = std::map<DeviceNumber, IoRates>;

/// "254:0 rbps=1048576 wbps=max riops=max wiops=max": what is written, one device at a time.
std::string io_max_line(DeviceNumber device, const IoRates& limits);
/// All lines; empty without limits.
std::string io_max_text(const IoMax& limits);
/// Strict; a device twice, an unknown key and a number that is none are errors.
Result<IoMax> parse_io_max(std::string_view text);

/// A line of /proc/PID/mountinfo (proc(5)).
struct MountEntry {
  DeviceNumber device;
  std::string mount_point;
  std::string type;     ///< "ext4"
  std::string source;   ///< "/dev/vda1"
  std::string options;  ///< of the super block, as printed: "rw,upperdir=/a,workdir=/b"

  /// The value of "KEY=VALUE" in `options`, its octal escapes undone (a comma is \054 there).
  [[nodiscard]] std::optional<std::string> option(std::string_view key) const;
};
/// The mount with this id, or nothing.
std::optional<MountEntry> find_mount(std::string_view mountinfo, std::uint64_t id);

/// The device that io.max is set on for a path, and how weir came there.
struct Carrier {
  DeviceNumber device;
  std::string name;                  ///< "vda"
  std::vector<std::string> through;  ///< from the path downward: "dm-0 (vg-root)", "vda2"
  /// Disks below a device that spreads over several: the limit is then set on that device itself.
  std::vector<std::string> over;
  bool is_node = false;  ///< the path is the device node itself

  /// "vda (254:0), through dm-0 (vg-root) and vda2".
  [[nodiscard]] std::string str() const;
  bool operator==(const Carrier&) const = default;
};

}  // namespace weir
