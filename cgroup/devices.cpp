// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/devices.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"

namespace weir {
namespace {

constexpr std::size_t max_layers = 16;
constexpr std::size_t max_mountinfo = std::size_t{4} << 20;

struct Block {
  DeviceNumber number;
  std::string name;
  auto operator<=>(const Block&) const = default;
};

/// The block devices of one sysfs.
class Sysfs {
 public:
  explicit Sysfs(const HostRoots& roots) : folder_(roots.sys + "/dev/block/") {}

  [[nodiscard]] Result<Block> block(DeviceNumber number) const {
    std::array<char, 4096> target;
    const auto n = ::readlink(path(number).c_str(), target.data(), target.size());
    if (n <= 0)
      return fail(Errc::unsupported,
                  fmt::format("device {} is not in {}", number.str(), printable(folder_)));
    const std::string_view text{target.data(), static_cast<std::size_t>(n)};
    return Block{number, printable(text.substr(text.rfind('/') + 1), 64)};
  }

  /// The disk that `block` is a partition of, or nothing for a whole one.
  [[nodiscard]] std::optional<DeviceNumber> disk_of(const Block& block) const {
    if (!read_small_file(path(block.number) + "/partition")) return std::nullopt;
    // The link leads into the partition's own folder, which lies in its disk's.
    return number_in(path(block.number) + "/../dev");
  }

  /// The devices right below a stacked one; none for a disk. Paths of multipath are one disk.
  [[nodiscard]] std::vector<DeviceNumber> below(const Block& block) const {
    std::vector<DeviceNumber> out;
    if (attribute(block, "dm/uuid").starts_with("mpath-")) return out;
    const auto slaves = path(block.number) + "/slaves";
    std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(slaves.c_str()), ::closedir};
    if (!directory) return out;
    while (const dirent* entry = ::readdir(directory.get())) {
      if (entry->d_name[0] == '.') continue;
      if (const auto number = number_in(fmt::format("{}/{}/dev", slaves, entry->d_name)))
        out.push_back(*number);
    }
    std::ranges::sort(out);
    return out;
  }

  /// "dm-0 (vg-root)", "vda2".
  [[nodiscard]] std::string label(const Block& block) const {
    const auto mapped = attribute(block, "dm/name");
    return mapped.empty() ? block.name : fmt::format("{} ({})", block.name, printable(mapped, 64));
  }

 private:
  [[nodiscard]] std::string path(DeviceNumber number) const { return folder_ + number.str(); }

  [[nodiscard]] std::string attribute(const Block& block, std::string_view name) const {
    const auto text = read_small_file(fmt::format("{}/{}", path(block.number), name));
    return text ? std::string{trim(*text)} : std::string{};
  }

  static std::optional<DeviceNumber> number_in(const std::string& file) {
    const auto text = read_small_file(file);
    return text ? DeviceNumber::parse(trim(*text)) : std::nullopt;
  }

  std::string folder_;
};

/// Every disk below a device, whichever way it is reached.
Status collect_disks(const Sysfs& sysfs, DeviceNumber at, std::size_t layer, std::set<Block>& out) {
  if (layer > max_layers)
    return fail(Errc::unsupported,
                fmt::format("more than {} layers of devices lie on each other", max_layers));
  WEIR_TRY(const auto block, sysfs.block(at));
  if (const auto disk = sysfs.disk_of(block)) return collect_disks(sysfs, *disk, layer + 1, out);
  const auto below = sysfs.below(block);
  if (below.empty()) out.insert(block);
  for (const auto number : below) WEIR_CHECK(collect_disks(sysfs, number, layer + 1, out));
  return {};
}

/// Down from `at` as long as everything goes through one device.
Result<Carrier> descend(const Sysfs& sysfs, DeviceNumber at) {
  Carrier out;
  std::set<Block> disks;
  WEIR_CHECK(collect_disks(sysfs, at, 0, disks));
  for (;;) {
    WEIR_TRY(const auto block, sysfs.block(at));
    out.device = block.number;
    out.name = block.name;
    const auto disk = sysfs.disk_of(block);
    const auto below = disk ? std::vector{*disk} : sysfs.below(block);
    if (below.empty()) return out;
    if (below.size() > 1 && disks.size() > 1) break;
    out.through.push_back(sysfs.label(block));
    at = below.front();
  }
  for (const auto& disk : disks) out.over.push_back(disk.name);
  return out;
}

class Finder {
 public:
  Finder(const HostRoots& roots, const PathProbe& probe) : roots_(roots), probe_(probe) {}

  Result<DeviceNumber> device_of(const std::string& path, std::size_t depth) {
    WEIR_TRY(const auto facts, probe_(path));
    if (facts.is_block_node || facts.device.major != 0) return facts.device;
    WEIR_TRY(const auto mount, mount_of(facts, path));
    if (mount.type == "overlay") return upper_device(mount, depth);
    if (mount.source.starts_with("/dev/")) return source_device(mount);
    return fail(Errc::unsupported,
                fmt::format("lies on {}, which has no disk", printable(mount.type, 40)),
                "name a path on a file system that has one");
  }

 private:
  Result<MountEntry> mount_of(const PathFacts& facts, const std::string& path) {
    WEIR_TRY(const auto text, read_small_file(roots_.proc + "/self/mountinfo", max_mountinfo));
    if (auto mount = find_mount(text, facts.mount_id)) return std::move(*mount);
    return fail(Errc::unsupported,
                fmt::format("the mount that {} lies on is not in mountinfo", printable(path)));
  }

  /// What is written to an overlay is written to its upper directory.
  Result<DeviceNumber> upper_device(const MountEntry& mount, std::size_t depth) {
    const auto upper = mount.option("upperdir");
    if (!upper || depth >= max_layers)
      return fail(Errc::unsupported, "lies on an overlay without an upper directory",
                  "name the directory that lies below it");
    auto device = device_of(*upper, depth + 1);
    if (device) return device;
    return tl::unexpected(std::move(device).error().with(
        fmt::format("upper directory {} of the overlay", printable(*upper))));
  }

  /// btrfs shows an anonymous number; the device it was mounted from is one of its own.
  Result<DeviceNumber> source_device(const MountEntry& mount) {
    auto source = probe_(mount.source);
    if (!source) return pass(std::move(source));
    if (source->is_block_node) return source->device;
    return fail(Errc::unsupported, fmt::format("{}, where its file system comes from, is no device",
                                               printable(mount.source)));
  }

  const HostRoots& roots_;
  const PathProbe& probe_;
};

}  // namespace

Result<PathFacts> probe_path(const std::string& path) {
  struct statx info {};
  // DONT_SYNC: a server that does not answer must not hang weir.
  const int flags = AT_STATX_DONT_SYNC;
  if (::statx(AT_FDCWD, path.c_str(), flags, STATX_TYPE | STATX_MNT_ID, &info) < 0) {
    auto error = os_error(errno, printable(path));
    if (error.sys == ENOENT || error.sys == ENOTDIR) error.code = Errc::not_found;
    return tl::unexpected(std::move(error));
  }
  if (S_ISBLK(info.stx_mode))
    return PathFacts{true, {info.stx_rdev_major, info.stx_rdev_minor}, info.stx_mnt_id};
  return PathFacts{false, {info.stx_dev_major, info.stx_dev_minor}, info.stx_mnt_id};
}

Result<Carrier> find_carrier(const std::string& path, const HostRoots& roots,
                             const PathProbe& probe) {
  WEIR_TRY(const auto device, Finder(roots, probe).device_of(path, 0));
  WEIR_TRY(auto carrier, descend(Sysfs(roots), device));
  const auto facts = probe(path);
  carrier.is_node = facts && facts->is_block_node;
  return carrier;
}

}  // namespace weir
