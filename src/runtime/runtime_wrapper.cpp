// SPDX-License-Identifier: Apache-2.0
// weir-runtime: the bundle's config.json says another cgroup, and the real runtime does the rest.
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/processes.h"

#include "hook_desk.h"
#include "hook_state.h"

namespace weir {
namespace {

constexpr int failed = 1, not_executable = 126, not_found = 127;
constexpr std::string_view doing = "runtime";

class Wrapper {
 public:
  Wrapper(const RuntimeCall& call, const HookOptions& options) : call_(call), options_(options) {}

  /// Rewrites the bundle where it is to be; an error refuses the container.
  Status prepare() {
    const auto file = call_.config.starts_with('/')
                          ? call_.config
                          : fmt::format("{}/{}", call_.bundle, call_.config);
    auto text = read_small_file(file, longest_oci_text);
    if (!text) return {};  // the runtime says it better
    WEIR_TRY(const auto config, OciConfig::parse(*text));
    auto desk = open_hook_desk(options_.run_dir);
    if (!desk)
      return judge(std::move(desk).error(),
                   on_error_without_desk(options_.run_dir, options_.on_error));
    runtime_ = desk->rules.runtime;
    const auto asked = config.cgroups_path.value_or(usual_path());
    if (asked.empty()) return {};
    WEIR_TRY(const auto path, CgroupsPath::parse(asked));
    auto placement = find_place(*desk, config, path, call_.pool);
    if (!placement) return judge(std::move(placement).error(), desk->rules.on_error);
    if (!*placement) return {};
    auto booked = book(*desk, **placement, file, *text, config);
    if (booked) return {};
    return judge(std::move(booked).error(),
                 desk->rules.tree.pools[(*placement)->pool].spec.on_error);
  }

  /// What `[runtime] path` says, for calls that make nothing too.
  std::string real_runtime() {
    if (!runtime_)
      if (auto desk = open_hook_desk(options_.run_dir)) runtime_ = desk->rules.runtime;
    const auto found = runtime_ ? find_program({*runtime_}) : find_program({"crun", "runc"});
    return found.value_or(runtime_.value_or("crun"));
  }

 private:
  /// Where the runtime puts a container whose description does not say.
  [[nodiscard]] std::string usual_path() const {
    if (call_.id.empty()) return {};
    return call_.systemd_cgroup ? fmt::format("system.slice:runtime:{}", call_.id)
                                : fmt::format("/{}", call_.id);
  }

  Status judge(Error error, OnError on_error) const {
    if (!lets_start(error, on_error)) return tl::unexpected(std::move(error));
    complain(complaint(error, doing));
    return {};
  }

  Status book(HookDesk& desk, Placement& placement, const std::string& file,
              const std::string& text, const OciConfig& config) const {
    placement.record.runtime = {ContainerName::of_leaf(call_.id).str(),
                                absolute_path(call_.bundle).value_or("")};
    Deadline deadline(hook_patience);
    const HookAsker asker{identity_of_self(), desk.inside};
    WEIR_CHECK(book_container(desk.io, desk.rules, desk.run_dir, placement, asker, deadline));
    WEIR_TRY(const auto changed, rewrite(text, config, placement.cgroups_path, placement.added));
    if (changed == text) return {};
    return replace_file(file, changed, 0644);
  }

  const RuntimeCall& call_;
  const HookOptions& options_;
  std::optional<std::string> runtime_;
};

/// Managers look for the reason of a failure in the runtime's log.
void tell(const RuntimeCall& call, const Error& error) {
  const auto line = complaint(error, doing);
  complain(line);
  if (!call.log) return;
  const auto first = line.substr(0, line.find('\n'));
  const auto entry = call.log_is_json
                         ? fmt::format("{{\"level\":\"error\",\"msg\":{},\"time\":\"{}\"}}\n",
                                       json_quoted(first), utc_text(wall_us()))
                         : fmt::format("time=\"{}\" level=error msg={}\n", utc_text(wall_us()),
                                       json_quoted(first));
  ignore(append_to_file(*call.log, entry), "it is on stderr already");
}

}  // namespace

int run_runtime(const RuntimeCall& call, const HookOptions& options) {
  Wrapper wrapper(call, options);
  if (call.command == "create" || call.command == "run") {
    if (auto prepared = wrapper.prepare(); !prepared) {
      tell(call, prepared.error());
      return failed;
    }
  }
  const auto program = wrapper.real_runtime();
  const auto own = absolute_path("/proc/self/exe");
  if (own && absolute_path(program) == own) {
    tell(call, {Errc::config,
                0,
                fmt::format("[runtime] path: {} is weir-runtime itself", program),
                "name crun or runc there",
                {}});
    return failed;
  }
  auto argv = call.argv;
  argv.resize(std::max<std::size_t>(argv.size(), 1));
  argv.front() = program;
  const auto error = become(program, argv);
  tell(call, error);
  return error.sys == ENOENT ? not_found : not_executable;
}

}  // namespace weir
