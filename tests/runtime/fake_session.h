// SPDX-License-Identifier: Apache-2.0
// A session as a command has it, on a machine of the test's making.
#pragma once

#include <doctest/doctest.h>
#include <memory>
#include <string>

#include "weir/config/parse.h"
#include "weir/config/render.h"
#include "weir/config/resolve.h"
#include "weir/runtime/session.h"

#include "support/temp_dir.h"

namespace weir::testing {

/// Four CPUs and 16 GiB, all controllers, no systemd.
inline Host fake_host() {
  Host host;
  host.online = *CpuSet::parse("0-3");
  host.memory_total = Bytes{std::int64_t{16} << 30};
  host.tasks_max = Tasks{32'768};
  host.kernel_release = "6.12.0";
  CgroupHost cgroup;
  cgroup.mount = "(fake)";
  cgroup.controllers = {"cpuset", "cpu", "io", "memory", "pids"};
  cgroup.backend = Backend::cgroupfs;
  host.cgroup = std::move(cgroup);
  return host;
}

/// Passes on to an io that outlives the session.
class Borrowed : public CgroupIo {
 public:
  explicit Borrowed(CgroupIo& io) : io_(io) {}
  Result<std::string> read(const CgroupPath& cgroup, std::string_view file) override {
    return io_.read(cgroup, file);
  }
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override {
    return io_.write(cgroup, file, value);
  }
  Status make(const CgroupPath& cgroup) override { return io_.make(cgroup); }
  Status remove(const CgroupPath& cgroup) override { return io_.remove(cgroup); }
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override {
    return io_.children(cgroup);
  }
  bool exists(const CgroupPath& cgroup) override { return io_.exists(cgroup); }
  bool has_file(const CgroupPath& cgroup, std::string_view file) override {
    return io_.has_file(cgroup, file);
  }
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override {
    return io_.attribute(cgroup, name);
  }
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override {
    return io_.set_attribute(cgroup, name, value);
  }
  Result<UniqueFd> directory(const CgroupPath& cgroup) override { return io_.directory(cgroup); }

 private:
  CgroupIo& io_;
};

/// `toml` against fake_host(), on `io`. A mistake in `toml` ends the test.
inline Session session_on(CgroupIo& io, const std::string& toml, const TempDir& run) {
  auto host = fake_host();
  auto parsed = parse_config({{"weir.toml", toml}});
  std::string mistakes;
  for (const auto& diagnostic : parsed.diagnostics) mistakes += render(parsed.config, diagnostic);
  REQUIRE_MESSAGE(parsed.ok(), mistakes);
  const auto capacity = capacity_of(host, parsed.config.host.reserve);
  REQUIRE(capacity.has_value());
  auto resolved = resolve_pools(parsed.config, *capacity, host);
  for (const auto& diagnostic : resolved.diagnostics) mistakes += render(parsed.config, diagnostic);
  REQUIRE_MESSAGE(resolved.ok(), mistakes);
  auto run_dir = RunDir::open(run.path());
  REQUIRE(run_dir.has_value());
  auto door = std::make_unique<Borrowed>(io);
  auto& inner = *door;
  return Session{std::move(parsed.config), std::move(host), std::move(resolved.tree), {},
                 std::move(door),          inner,           std::move(*run_dir)};
}

}  // namespace weir::testing
