// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/host_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

#include "backend_choice.h"
#include "hardware.h"

namespace weir {
namespace {

bool is_cgroup2(const std::string& path, bool verify) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return false;
  return !verify || info.f_type == CGROUP2_SUPER_MAGIC;
}

/// What the cgroups from `root` upward allow. Files that are missing (the real root has none) allow
/// all.
struct Given {
  CpuSet cpus;
  bool has_cpus = false;
  std::optional<Cores> cpu;
  std::optional<Bytes> memory, swap;
  std::optional<Tasks> tasks;
  bool delegated = false;
};

template <class T>
void lower(std::optional<T>& least, std::optional<std::int64_t> number) {
  if (number) least = least ? std::min(*least, T{*number}) : T{*number};
}

std::optional<std::int64_t> limit_in(const std::string& directory, std::string_view file) {
  const auto text = read_small_file(fmt::format("{}/{}", directory, file));
  const auto limit = text ? parse_limit(*text) : Result<std::optional<std::int64_t>>{};
  return limit ? *limit : std::nullopt;
}

void add_cgroup(const std::string& directory, Given& given) {
  lower(given.memory, limit_in(directory, file::memory_max));
  lower(given.memory, limit_in(directory, file::memory_high));
  lower(given.swap, limit_in(directory, file::memory_swap_max));
  lower(given.tasks, limit_in(directory, file::pids_max));
  if (const auto text = read_small_file(fmt::format("{}/{}", directory, file::cpu_max)))
    if (const auto parsed = parse_cpu_max(*text); parsed && parsed->cores())
      lower(given.cpu, parsed->cores()->value);
}

Given what_is_given(const std::string& root, bool verify) {
  Given given;
  if (const auto text = read_small_file(fmt::format("{}/{}", root, file::cpuset_cpus_effective)))
    if (auto cpus = CpuSet::parse(*text); cpus && !cpus->empty()) {
      given.cpus = std::move(*cpus);
      given.has_cpus = true;
    }
  // cgroup.type is missing in the kernel's root cgroup only.
  given.delegated = ::access(fmt::format("{}/{}", root, file::cgroup_type).c_str(), F_OK) == 0;
  if (!given.delegated) return given;  // nor has that one limits, or anything above it
  for (auto directory = root; is_cgroup2(directory, verify); directory += "/..") {
    add_cgroup(directory, given);
    if (!verify || directory.size() > root.size() + 256) break;
  }
  return given;
}

std::string mountinfo(const HostRoots& roots) {
  return read_small_file(roots.proc + "/self/mountinfo", std::size_t{4} << 20).value_or("");
}

std::optional<Cgroup2Mount> find_mount(const HostRoots& roots) {
  return find_cgroup2(mountinfo(roots));
}

/// What cgroup v1 calls it.
std::string_view legacy_name(Controller controller) {
  return controller == Controller::io ? "blkio" : to_text(controller);
}

/// The mount's options, and where the controllers are that it lacks.
void read_mounts(const HostRoots& roots, CgroupHost& out) {
  const auto mounts = mountinfo(roots);
  if (const auto found = find_cgroup2(mounts)) out.mount_options = found->options;
  for (const auto controller : all_controllers) {
    if (out.has(controller)) continue;
    if (auto where = find_cgroup1(mounts, legacy_name(controller)))
      out.legacy.emplace_back(controller, std::move(*where));
  }
}

std::optional<std::string> cgroup_root(const HostRoots& roots) {
  if (roots.cgroup_root) return roots.cgroup_root;
  const auto found = find_mount(roots);
  return found ? std::optional{found->mount_point} : std::nullopt;
}

Result<CgroupHost> read_cgroup_host(const HostRoots& roots, const std::string& root,
                                    bool delegated) {
  CgroupHost out;
  out.mount = root;
  out.delegated = delegated;
  auto controllers = read_small_file(fmt::format("{}/{}", root, file::cgroup_controllers));
  if (!controllers) {
    auto error = std::move(controllers).error();
    error.code = Errc::unsupported;
    return tl::unexpected(std::move(error));
  }
  for (const auto word : split_words(*controllers)) out.controllers.emplace_back(word);
  read_mounts(roots, out);
  out.psi = ::access((roots.proc + "/pressure/cpu").c_str(), F_OK) == 0;
  out.systemd = ::access((roots.run + "/systemd/system").c_str(), F_OK) == 0;
  const auto choice = choose_backend(out, root);
  out.backend = choice.backend;
  out.backend_reason = choice.reason;
  return out;
}

void apply_given(const Given& given, Host& host) {
  if (given.has_cpus) {
    const auto both = host.online.intersect(given.cpus);
    if (!both.empty()) host.online = both;
  }
  if (given.cpu && *given.cpu < host.cpu_total()) host.cpu_quota = given.cpu;
  if (given.memory) host.memory_total = std::min(host.memory_total, *given.memory);
  if (given.swap) host.swap_total = std::min(host.swap_total, *given.swap);
  if (given.tasks) host.tasks_max = std::min(host.tasks_max, *given.tasks);
}

}  // namespace

Result<Host> read_host(const HostRoots& roots) {
  Host host;
  WEIR_CHECK(read_hardware(roots, host));
  const auto root = cgroup_root(roots);
  if (!root) return host;
  if (!is_cgroup2(*root, roots.verify_cgroup2)) {
    if (!roots.cgroup_root) return host;
    return fail(Errc::unsupported,
                fmt::format("{} is not a cgroup v2 file system", printable(*root, 400)),
                "name a directory of the cgroup2 mount with --cgroup-root");
  }
  const auto given = what_is_given(*root, roots.verify_cgroup2);
  apply_given(given, host);
  WEIR_TRY(host.cgroup, read_cgroup_host(roots, *root, given.delegated));
  return host;
}

}  // namespace weir
