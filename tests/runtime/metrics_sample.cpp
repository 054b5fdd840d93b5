// SPDX-License-Identifier: Apache-2.0
// Prints the metrics of a made-up host with every kind of sample, for metrics.py to check.
#include <cstdio>
#include <string_view>

#include "weir/config/parse.h"
#include "weir/config/resolve.h"
#include "weir/runtime/metrics.h"

namespace {

using namespace weir;

/// A cgroup tree in which every cgroup has the same statistics.
class SameEverywhere final : public CgroupIo {
 public:
  Result<std::string> read(const CgroupPath&, std::string_view file) override {
    if (file.ends_with(".pressure"))
      return "some avg10=1.50 avg60=0.00 avg300=0.00 total=1234567\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=89\n";
    if (file == "cpu.stat") return "usage_usec 123456789012\nthrottled_usec 5\n";
    if (file == "io.stat") return "254:0 rbytes=1 wbytes=2 rios=3 wios=4\n8:0 rbytes=5\n";
    if (file == "memory.events") return "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n";
    return "4096\n";
  }
  Status write(const CgroupPath&, std::string_view, std::string_view) override { return {}; }
  Status make(const CgroupPath&) override { return {}; }
  Status remove(const CgroupPath&) override { return {}; }
  Result<std::vector<std::string>> children(const CgroupPath&) override {
    return std::vector<std::string>{};
  }
  bool exists(const CgroupPath&) override { return true; }
  bool has_file(const CgroupPath&, std::string_view) override { return true; }
  Result<std::optional<std::string>> attribute(const CgroupPath&, std::string_view) override {
    return std::optional<std::string>{};
  }
  Status set_attribute(const CgroupPath&, std::string_view, std::string_view) override {
    return {};
  }
  Result<UniqueFd> directory(const CgroupPath&) override { return UniqueFd{}; }
};

PoolTree tree() {
  auto parsed = parse_config({{"weir.toml",
                               "[pool.web]\ncpu = { reservation = 1, limit = 2 }\n"
                               "memory = { limit = \"1GiB\" }\npids = { limit = 10 }\n"
                               "[pool.team]\n[pool.nightly]\nparent = \"team\"\n"}});
  Host host;
  host.online = *CpuSet::parse("0-3");
  const Capacity capacity{whole_cores(4), Bytes{std::int64_t{8} << 30}, Tasks{1000}};
  return resolve_pools(parsed.config, capacity, host).tree;
}

HostStatus status_of(const PoolTree& tree) {
  HostStatus out;
  out.capacity = tree.capacity;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    PoolStatus pool;
    pool.pool = i;
    pool.applied = true;
    out.pools.push_back(pool);
  }
  ContainerRecord record{.name = *ContainerName::parse("shop-1.2_x")};
  record.cpu_limit = whole_cores(1);
  record.memory_limit = Bytes{1 << 20};
  const auto path = *CgroupPath::parse("weir.slice/weir-web.slice/shop-1.2_x.scope");
  ContainerStatus container{Member{record, path, 0}, false, 1, {}, {}, {}};
  out.containers.push_back(container);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const bool old = argc > 1 && std::string_view{argv[1]} == "prometheus";
  SameEverywhere io;
  const auto pools = tree();
  const auto text = render(measure(io, pools, status_of(pools)),
                           old ? Exposition::prometheus : Exposition::openmetrics);
  std::fputs(text.c_str(), stdout);
  return 0;
}
