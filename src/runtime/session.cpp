// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/session.h"

#include <algorithm>
#include <fmt/format.h>
#include <malloc.h>
#include <utility>

#include "weir/base/text.h"
#include "weir/cgroup/devices.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/fs.h"
#include "weir/cgroup/host_reader.h"
#include "weir/cgroup/systemd.h"
#include "weir/config/parse.h"
#include "weir/config/render.h"
#include "weir/config/resolve.h"
#include "weir/config/resolve_io.h"
#include "weir/policy/desired.h"
#include "weir/runtime/audit.h"

namespace weir {
namespace {

constexpr int oldest_major = 6, oldest_minor = 1;

HostRoots roots_of(const Options& options) {
  HostRoots roots;
  roots.cgroup_root = options.cgroup_root;
  return roots;
}

Status check_kernel(const Host& host) {
  const auto parts = split(host.kernel_release, '.');
  const auto major = parts.empty() ? std::nullopt : to_number<int>(parts[0]);
  const auto minor =
      parts.size() < 2
          ? std::nullopt
          : to_number<int>(parts[1].substr(0, parts[1].find_first_not_of("0123456789")));
  // A name that is no version: let the features decide.
  const std::pair version{major.value_or(oldest_major), minor.value_or(oldest_minor)};
  if (version >= std::pair{oldest_major, oldest_minor}) return {};
  return fail(Errc::unsupported, fmt::format("kernel {} is older than 6.1", host.kernel_release),
              "boot a kernel of the 6.1 series or later");
}

Status check_controllers(const CgroupHost& cgroup, const PoolTree& tree) {
  for (const auto controller : needed_controllers(tree)) {
    if (cgroup.has(controller)) continue;
    const auto name = to_text(controller);
    return fail(
        Errc::unsupported,
        fmt::format("the {} controller is missing in {}/cgroup.controllers", name, cgroup.mount),
        cgroup.delegated
            ? fmt::format("enable it above: write +{} to cgroup.subtree_control of the parent, "
                          "or Delegate={} in the unit",
                          name, name)
            : fmt::format("a cgroup v1 mount may hold it (see /proc/cgroups), or the kernel was "
                          "booted with cgroup_disable={}",
                          name));
  }
  return {};
}

/// The back-end that the file asks for, or the one that fits.
Result<Backend> choose(const HostSpec& spec, const CgroupHost& cgroup) {
  switch (spec.backend) {
    case BackendChoice::cgroupfs:
      return Backend::cgroupfs;
    case BackendChoice::systemd:
      if (cgroup.backend == Backend::systemd) return Backend::systemd;
      return fail(Errc::unsupported,
                  fmt::format("backend = \"systemd\": {}",
                              cgroup.systemd ? cgroup.backend_reason : "no systemd runs here"),
                  "leave out backend in [host]: weir finds what fits");
    case BackendChoice::automatic:
      break;
  }
  if (cgroup.backend) return *cgroup.backend;
  if (cgroup.systemd && cgroup.delegated)
    return fail(Errc::unsupported, cgroup.backend_reason,
                "start weir with systemd-run -p Delegate=yes and name that unit's cgroup with "
                "--cgroup-root, or leave out --cgroup-root");
  return fail(Errc::unsupported, cgroup.backend_reason,
              "run weir as root, or point --cgroup-root at a cgroup that is delegated to this "
              "user");
}

Result<std::unique_ptr<CgroupIo>> open_door(Backend backend, const std::string& mount) {
  WEIR_TRY(auto files, CgroupFs::open(mount));
  if (backend == Backend::systemd) return open_systemd_tree(std::move(files));
  return std::unique_ptr<CgroupIo>{std::make_unique<CgroupFs>(std::move(files))};
}

/// Finds the disk behind each path of the file; a path that leads to none is a mistake of the file.
void resolve_disks(const Options& options, Loaded& loaded, PoolTree& tree) {
  Carriers carriers;
  const auto roots = roots_of(options);
  for (auto& path : io_paths(loaded.config)) {
    auto found = find_carrier(path, roots);
    carriers.emplace(std::move(path), std::move(found));
  }
  std::ranges::move(resolve_io(tree, carriers), std::back_inserter(loaded.diagnostics));
  if (loaded.host.cgroup && !loaded.host.cgroup->has(Controller::io))
    std::ranges::move(warn_without_controller(tree), std::back_inserter(loaded.diagnostics));
}

Error config_error(const Loaded& loaded) {
  Error error;
  error.code = Errc::config;
  std::size_t mistakes = 0;
  for (const auto& diagnostic : loaded.diagnostics) {
    error.details += render(loaded.config, diagnostic);
    if (!error.details.ends_with('\n')) error.details += '\n';
    mistakes += diagnostic.warning ? 0 : 1;
  }
  error.message = fmt::format("{}: {} mistake{}", loaded.config.files.front().path, mistakes,
                              mistakes == 1 ? "" : "s");
  return error;
}

Result<Session> make_session(const Options& options, Loaded loaded) {
  if (loaded.has_errors()) return tl::unexpected(config_error(loaded));
  if (!loaded.host.cgroup)
    return fail(
        Errc::unsupported, "no cgroup v2 is mounted on this host",
        "boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup");
  WEIR_CHECK(check_kernel(loaded.host));
  WEIR_TRY(const auto backend, choose(loaded.config.host, *loaded.host.cgroup));
  loaded.tree->backend = backend;
  WEIR_CHECK(check_controllers(*loaded.host.cgroup, *loaded.tree));
  WEIR_TRY(auto door, open_door(backend, loaded.host.cgroup->mount));
  WEIR_TRY(auto run_dir, RunDir::open(options.run_dir));
  std::vector<std::string> warnings;
  for (const auto& diagnostic : loaded.diagnostics)
    warnings.push_back(render(loaded.config, diagnostic));
  auto& io = *door;
  return Session{std::move(loaded.config), std::move(loaded.host), std::move(*loaded.tree),
                 std::move(warnings),      std::move(door),        io,
                 std::move(run_dir),       std::string{audit_path}};
}

/// What is made of a large file is a hundred times its size. Memory that is asked of the kernel in
/// one piece comes in huge pages, where it has them, and not in thousands of faults.
void expect_much(const std::vector<SourceFile>& files) {
  constexpr std::size_t large = 16384, most = std::size_t{64} << 20, times = 128;
  std::size_t size = 0;
  for (const auto& file : files) size += file.text.size();
  if (size >= large) ::mallopt(M_TOP_PAD, static_cast<int>(std::min(size * times, most)));
}

}  // namespace

bool Loaded::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return !d.warning; });
}

Result<Host> load_host(const Options& options) { return read_host(roots_of(options)); }

Result<Loaded> load(const Options& options) {
  WEIR_TRY(auto files, read_config_files(options.config, Trust::owner_only));
  expect_much(files);
  return load_texts(options, std::move(files));
}

Result<Loaded> load_texts(const Options& options, std::vector<SourceFile> files) {
  Loaded loaded;
  auto parsed = parse_config(std::move(files));
  loaded.config = std::move(parsed.config);
  loaded.diagnostics = std::move(parsed.diagnostics);
  auto roots = roots_of(options);
  roots.inventory = false;
  WEIR_TRY(loaded.host, read_host(roots));
  if (loaded.has_errors()) return loaded;
  auto capacity = capacity_of(loaded.host, loaded.config.host.reserve);
  if (!capacity) {
    loaded.diagnostics.push_back({loaded.config.host.at, "host.reserve", capacity.error().message,
                                  capacity.error().hint, false});
    return loaded;
  }
  auto resolved = resolve_pools(loaded.config, *capacity, loaded.host);
  std::ranges::move(resolved.diagnostics, std::back_inserter(loaded.diagnostics));
  resolve_disks(options, loaded, resolved.tree);
  if (!loaded.has_errors()) loaded.tree = std::move(resolved.tree);
  return loaded;
}

Result<Session> open_session(const Options& options) {
  WEIR_TRY(auto loaded, load(options));
  return make_session(options, std::move(loaded));
}

Result<Session> open_session_with(const Options& options, std::vector<SourceFile> files) {
  WEIR_TRY(auto loaded, load_texts(options, std::move(files)));
  return make_session(options, std::move(loaded));
}

Result<Session> open_session_for_teardown(const Options& options) {
  if (file_exists(options.config)) return open_session(options);
  Loaded loaded;
  loaded.config.files.push_back({options.config, {}});
  WEIR_TRY(loaded.host, load_host(options));
  WEIR_TRY(const auto capacity, capacity_of(loaded.host, loaded.config.host.reserve));
  auto resolved = resolve_pools(loaded.config, capacity, loaded.host);
  loaded.tree = std::move(resolved.tree);
  return make_session(options, std::move(loaded));
}

}  // namespace weir
