// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/doctor.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/observe.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/policy/desired.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/containers.h"

namespace weir {
namespace {

/// More removed cgroups than this that the kernel still holds cost memory and slow reclaim down.
constexpr std::uint64_t many_dying = 1000;

class Doctor {
 public:
  explicit Doctor(const Options& options) : options_(options) {}

  Result<Diagnosis> diagnose() {
    WEIR_TRY(const auto host, load_host(options_));
    if (!look_at_mount(host)) return std::move(out_);
    look_at_cgroup(*host.cgroup);
    look_at_configuration();
    look_at_tree();
    return std::move(out_);
  }

 private:
  void problem(std::string id, std::string what, std::string remedy) {
    out_.findings.push_back({std::move(id), Severity::problem, std::move(what), std::move(remedy)});
  }
  void advice(std::string id, std::string what, std::string remedy) {
    out_.findings.push_back({std::move(id), Severity::advice, std::move(what), std::move(remedy)});
  }

  bool look_at_mount(const Host& host) {
    if (host.cgroup) return true;
    problem("no-cgroup2", "no cgroup v2 is mounted",
            "mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup");
    return false;
  }

  void look_at_cgroup(const CgroupHost& cgroup) {
    for (const auto controller : all_controllers) {
      if (cgroup.has(controller)) continue;
      const bool needed = controller == Controller::cpu || controller == Controller::memory ||
                          controller == Controller::pids;
      auto what = fmt::format("the {} controller is missing in {}/cgroup.controllers",
                              to_text(controller), cgroup.mount);
      auto remedy = missing_controller_remedy(cgroup, controller);
      if (needed)
        problem("controller-missing", std::move(what), std::move(remedy));
      else
        advice("controller-missing", std::move(what), std::move(remedy));
    }
    if (!cgroup.psi)
      advice("psi-off", "pressure (PSI) is not measured",
             "boot with psi=1 on the kernel command line");
    if (cgroup.mount_options.find("memory_recursiveprot") == std::string::npos)
      problem("no-recursiveprot",
              "cgroup2 is mounted without memory_recursiveprot: memory reservations of a pool do "
              "not protect its containers",
              "mount -o remount,nsdelegate,memory_recursiveprot " + cgroup.mount);
    if (!cgroup.backend)
      problem("no-backend", cgroup.backend_reason,
              cgroup.systemd ? "systemd-run --pty -p Delegate=yes sh, then weir --cgroup-root "
                               "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)"
                             : "run weir as root");
  }

  static std::string missing_controller_remedy(const CgroupHost& cgroup, Controller controller) {
    const auto name = to_text(controller);
    if (cgroup.delegated)
      return fmt::format("echo +{} > {}/../cgroup.subtree_control", name, cgroup.mount);
    return fmt::format(
        "unmount the cgroup v1 hierarchy that holds {} (grep {} /proc/self/mounts), or boot "
        "without cgroup_disable={}",
        name, name, name);
  }

  void look_at_configuration() {
    auto loaded = load(options_);
    if (!loaded) {
      const auto& error = loaded.error();
      problem(
          "config-unreadable", error.message,
          error.sys == ENOENT ? fmt::format("weir --config {} init", options_.config) : error.hint);
      return;
    }
    const auto mistakes =
        std::ranges::count_if(loaded->diagnostics, [](const Diagnostic& d) { return !d.warning; });
    if (mistakes > 0)
      problem(
          "config-wrong",
          fmt::format("{} has {} mistake{}", options_.config, mistakes, mistakes == 1 ? "" : "s"),
          fmt::format("weir check {}  # and edit what it names", options_.config));
  }

  /// What the kernel has, where the rest is well enough to look.
  void look_at_tree() {
    auto session = open_session(options_);
    if (!session) {
      if (out_.findings.empty())
        problem("no-session", session.error().message, session.error().hint);
      return;
    }
    look_at_drift(*session);
    auto observed = observe(session->io, session->tree.top, Depth::containers);
    if (observed) look_at_cgroups(*observed);
    look_at_dying(*session);
    if (auto strangers = find_strangers(session->io, session->tree.top))
      out_.outside = std::move(*strangers);
  }

  void look_at_drift(Session& session) {
    const auto drift = verify(session, false);
    if (!drift) {
      problem("conflict", drift.error().message, drift.error().hint);
    } else if (!session.io.exists(session.tree.top)) {
      advice("not-applied", fmt::format("{} is not there yet", session.tree.top.str()),
             "weir apply");
    } else if (!drift->empty()) {
      problem(
          "drift",
          fmt::format("{} file{} differ{} from {}", drift->size(), drift->size() == 1 ? "" : "s",
                      drift->size() == 1 ? "s" : "", options_.config),
          "weir verify --repair");
    }
  }

  void look_at_cgroups(const ObservedTree& observed) {
    for (const auto& cgroup : observed.cgroups) {
      if (cgroup.kind == CgroupKind::foreign)
        problem("foreign-cgroup",
                fmt::format("{} was not made by weir; teardown will refuse", cgroup.path.str()),
                cgroup.populated
                    ? fmt::format("echo 1 > {0}/cgroup.kill; rmdir {0}", mounted(cgroup.path))
                    : fmt::format("rmdir {}", mounted(cgroup.path)));
      if (cgroup.kind == CgroupKind::container && cgroup.frozen)
        advice("frozen", fmt::format("container '{}' is frozen", cgroup.container->name.str()),
               fmt::format("echo 0 > {}/cgroup.freeze", mounted(cgroup.path)));
    }
  }

  void look_at_dying(Session& session) {
    const auto text = session.io.read(session.tree.top, file::cgroup_stat);
    const auto dying = text ? flat_value(*text, "nr_dying_descendants").value_or(0) : 0;
    if (dying > many_dying)
      advice("dying-cgroups", fmt::format("{} removed cgroups still hold memory", dying),
             fmt::format("echo 1G > {}/memory.reclaim", mounted(session.tree.top)));
  }

  std::string mounted(const CgroupPath& cgroup) const {
    const auto host = load_host(options_);
    return fmt::format("{}/{}", host && host->cgroup ? host->cgroup->mount : "/sys/fs/cgroup",
                       cgroup.str());
  }

  const Options& options_;
  Diagnosis out_;
};

}  // namespace

Result<Diagnosis> diagnose(const Options& options) { return Doctor(options).diagnose(); }

}  // namespace weir
