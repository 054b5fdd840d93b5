// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/doctor.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/delegation.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/observe.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/policy/desired.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/containers.h"

#include "doctor_hook.h"
#include "doctor_systemd.h"

namespace weir {
namespace {

/// More removed cgroups than this that the kernel still holds cost memory and slow reclaim down.
constexpr std::uint64_t many_dying = 1000;

/// As a shell takes it: plain where it can be, else in quotes.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string out{"'"};
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// systemd set up the legacy hierarchy at boot, and would not go along with a mount over it.
bool systemd_mounted_v1() {
  const auto mounts = read_small_file("/proc/self/mountinfo", std::size_t{4} << 20);
  return file_exists("/run/systemd/system") && mounts && find_cgroup1(*mounts, "memory");
}

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
            systemd_mounted_v1()
                ? "boot with systemd.unified_cgroup_hierarchy=1 on the kernel command line"
                : "mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup");
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
              cgroup.systemd && cgroup.delegated
                  ? "systemd-run --pty -p Delegate=yes sh, then weir --cgroup-root "
                    "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)"
                  : "run weir as root");
  }

  static std::string missing_controller_remedy(const CgroupHost& cgroup, Controller controller) {
    const auto name = to_text(controller);
    if (cgroup.delegated) {
      const auto gap = find_gap(cgroup.mount, name);
      if (!gap) return fmt::format("echo +{} > {}/../cgroup.subtree_control", name, cgroup.mount);
      if (cgroup.systemd && !gap->unit.empty()) return delegation_remedy(*gap);
      return fmt::format("echo +{} > {}", name, shell_word(gap->file));
    }
    for (const auto& [held, mount] : cgroup.legacy)
      if (held == controller)
        return cgroup.systemd
                   ? "boot with systemd.unified_cgroup_hierarchy=1 on the kernel command line"
                   : "umount " + shell_word(mount);
    return fmt::format("boot without cgroup_disable={} on the kernel command line", name);
  }

  /// systemd hands a controller on only to a unit that asks for it.
  static std::string delegation_remedy(const ControllerGap& gap) {
    const auto& unit = gap.unit;
    if (unit.ends_with(".scope"))
      return fmt::format("start it with systemd-run{} --scope -p Delegate=yes",
                         gap.in_user_manager ? " --user" : "");
    const auto at = unit.find('@');
    // Every user's manager is an instance of one template.
    const bool manager = unit.starts_with("user@");
    const auto file = manager ? unit.substr(0, at + 1) + ".service" : unit;
    const auto folder = fmt::format(
        "{}/{}.d", gap.in_user_manager ? "~/.config/systemd/user" : "/etc/systemd/system", file);
    const auto control = gap.in_user_manager ? "systemctl --user" : "systemctl";
    const auto setting =
        unit.ends_with(".service")
            ? "[Service]\\nDelegate=yes\\n"
            : "[Slice]\\nCPUWeight=100\\nMemoryAccounting=yes\\nTasksAccounting=yes\\n";
    return fmt::format(
        "mkdir -p {0}; printf '{1}' > {0}/weir.conf; {2} daemon-reload; {2} restart {3}", folder,
        setting, control, unit);
  }

  void look_at_configuration() {
    auto loaded = load(options_);
    if (!loaded) {
      const auto& error = loaded.error();
      problem("config-unreadable", error.message,
              error.sys == ENOENT ? weir("init")
              : error.hint.empty()
                  ? fmt::format("mv {0} {0}.old; {1}", shell_word(options_.config), weir("init"))
                  : error.hint);
      return;
    }
    const auto mistakes =
        std::ranges::count_if(loaded->diagnostics, [](const Diagnostic& d) { return !d.warning; });
    if (mistakes > 0)
      problem(
          "config-wrong",
          fmt::format("{} has {} mistake{}", options_.config, mistakes, mistakes == 1 ? "" : "s"),
          weir("check") + "  # and edit what it names");
    else
      std::ranges::move(hook_findings(options_, loaded->config.hook, weir("hook install podman")),
                        std::back_inserter(out_.findings));
  }

  /// What the kernel has, where the rest is well enough to look.
  void look_at_tree() {
    auto session = open_session(options_);
    if (!session) {
      if (out_.findings.empty())
        problem("no-session", session.error().message, session.error().hint);
      return;
    }
    std::ranges::move(systemd_findings(*session, weir("apply")), std::back_inserter(out_.findings));
    look_at_drift(*session);
    auto observed = observe(session->io, session->tree.top, Depth::containers);
    if (observed) look_at_cgroups(*observed);
    look_at_dying(*session);
    if (auto strangers = find_strangers(session->io, session->tree.top))
      out_.outside = std::move(*strangers);
  }

  void look_at_drift(Session& session) {
    const auto wanted = plan(session);
    if (const auto* conflict = wanted ? wanted->conflict() : nullptr)
      return problem("conflict", fmt::format("{}: {}", conflict->cgroup.str(), conflict->reason),
                     weir("apply --evict kill") + "  # ends the containers that are in the way");
    const auto drift = verify(session, false);
    if (!drift) {
      problem("verify-failed", drift.error().message, drift.error().hint);
    } else if (!session.io.exists(session.tree.top)) {
      advice("not-applied", fmt::format("{} is not there yet", session.tree.top.str()),
             weir("apply"));
    } else if (!drift->empty()) {
      problem(
          "drift",
          fmt::format("{} file{} differ{} from {}", drift->size(), drift->size() == 1 ? "" : "s",
                      drift->size() == 1 ? "s" : "", options_.config),
          weir("verify --repair"));
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
             // The kernel says EAGAIN where it gave back less than was asked for.
             fmt::format("echo 1G > {}/memory.reclaim || true", mounted(session.tree.top)));
  }

  std::string mounted(const CgroupPath& cgroup) const {
    const auto host = load_host(options_);
    return fmt::format("{}/{}", host && host->cgroup ? host->cgroup->mount : "/sys/fs/cgroup",
                       cgroup.str());
  }

  /// A command for the same files and the same tree as this one's.
  std::string weir(std::string_view command) const {
    const Options usual;
    std::string out{"weir"};
    if (options_.config != usual.config) out += " --config " + shell_word(options_.config);
    if (options_.cgroup_root) out += " --cgroup-root " + shell_word(*options_.cgroup_root);
    if (options_.run_dir != usual.run_dir) out += " --run-dir " + shell_word(options_.run_dir);
    return fmt::format("{} {}", out, command);
  }

  const Options& options_;
  Diagnosis out_;
};

}  // namespace

Result<Diagnosis> diagnose(const Options& options) { return Doctor(options).diagnose(); }

}  // namespace weir
