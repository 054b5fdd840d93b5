// SPDX-License-Identifier: Apache-2.0
#include "weir/model/runtime_state.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

constexpr std::string_view crun = R"({
    "pid": 180,
    "cgroup-path": "/weir.slice/weir-web.slice/c1",
    "scope": "",
    "systemd-cgroup": false,
    "external_descriptors": "[\"/dev/null\"]"
})";
constexpr std::string_view runc =
    R"({"id":"c1","config":{"rootfs":"/weir.slice/weir-web.slice/c1","cgroups":)"
    R"({"path":"/weir.slice/weir-web.slice/c1","devices":[],"Systemd":false,"Rootless":false},)"
    R"("seccomp":null},"cgroup_paths":{"":"/sys/fs/cgroup/weir.slice/weir-web.slice/c1"}})";
constexpr std::string_view web = "/weir.slice/weir-web.slice/c1",
                           ci = "/weir.slice/weir-ci.slice/c1";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out{text};
  return out.replace(out.find(from), from.size(), to);
}

}  // namespace

TEST_CASE(
    "state of a runtime: the cgroup changes wherever the runtime looks for it, and nothing else") {
  CHECK(*with_cgroup(OciRuntime::crun, crun, web, ci) == replaced(crun, web, ci));
  auto wanted = replaced(runc, "\"path\":\"/weir.slice/weir-web", "\"path\":\"/weir.slice/weir-ci");
  wanted = replaced(wanted, "cgroup/weir.slice/weir-web", "cgroup/weir.slice/weir-ci");
  CHECK(*with_cgroup(OciRuntime::runc, runc, web, ci) == wanted);
  CHECK(*with_cgroup(OciRuntime::runc, wanted, ci, web) == runc);
  CHECK(with_cgroup(OciRuntime::crun, crun, ci, web).error().code == Errc::conflict);
}

TEST_CASE("state of a runtime: what systemd made, and forms that nobody knows") {
  CHECK(RuntimeState::parse(OciRuntime::crun, crun)->cgroup == web);
  CHECK_FALSE(RuntimeState::parse(OciRuntime::crun, crun)->systemd);
  CHECK(RuntimeState::parse(OciRuntime::crun, replaced(crun, "false", "true"))->systemd);
  const auto of_systemd = replaced(runc, "false", "true");
  CHECK(RuntimeState::parse(OciRuntime::runc, of_systemd)->systemd);
  CHECK_FALSE(with_cgroup(OciRuntime::runc, of_systemd, web, ci));
  for (const auto& text :
       {std::string{}, std::string{"[]"}, std::string{"{"}, replaced(crun, "cgroup-path", "cgroup"),
        replaced(crun, "systemd-cgroup", "systemd"), replaced(crun, "false", "0"),
        replaced(crun, "\"scope\"", "\"cgroup-path\"")}) {
    CAPTURE(text);
    CHECK(RuntimeState::parse(OciRuntime::crun, text).error().code == Errc::conflict);
  }
  for (const auto& text :
       {replaced(runc, "cgroup_paths", "paths"), replaced(runc, "\"\":", "\"memory\":"),
        replaced(runc, "\"path\"", "\"Path\""),
        replaced(runc, "cgroup/weir.slice", "cgroup/other")})
    CHECK(RuntimeState::parse(OciRuntime::runc, text).error().code == Errc::conflict);
}
