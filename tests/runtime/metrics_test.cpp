// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/metrics.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "weir/runtime/apply.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"

using namespace weir;
using namespace weir::testing;

namespace {

const std::string two_pools = R"(
[pool.web]
cpu = { reservation = "1500m" }
memory = { limit = "4GiB" }
[pool.ci]
mode = "dynamic"
)";

struct Machine {
  FakeKernel kernel;
  TempDir run;
  Session session = session_on(kernel, two_pools, run);

  std::vector<MetricFamily> measured() {
    const auto now = status(session, std::chrono::milliseconds{0});
    REQUIRE(now.has_value());
    return measure(session.io, session.tree, *now);
  }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: a family is described once, before its samples") {
  Machine machine;
  REQUIRE(apply(machine.session, Evict::no).has_value());
  const auto text = render(machine.measured(), Exposition::openmetrics);
  CHECK(has_line(text, "# TYPE weir_pool_cpu_reservation_cores gauge"));
  CHECK(has_line(text, "# UNIT weir_pool_cpu_reservation_cores cores"));
  CHECK(has_line(text, "weir_pool_cpu_reservation_cores{pool=\"web\"} 1.5"));
  CHECK(has_line(text, "# TYPE weir_pool_cpu_usage_seconds counter"));
  CHECK(has_line(text, "weir_pool_cpu_usage_seconds_total{pool=\"ci\"} 0.000000"));
  CHECK(has_line(text, "# TYPE weir_pool info"));
  CHECK(has_line(text,
                 "weir_pool_info{pool=\"ci\",parent=\"\",policy=\"fair\",mode=\"dynamic\","
                 "path=\"weir.slice/weir-ci.slice\"} 1"));
  CHECK(text.ends_with("\n# EOF\n"));
  for (const auto& family : machine.measured()) {
    const auto type = fmt::format("# TYPE {} ", family.name);
    CHECK((text.find(type) == text.rfind(type)));
  }
}

TEST_CASE("metrics: no limit is no sample") {
  Machine machine;
  const auto text = render(machine.measured(), Exposition::openmetrics);
  CHECK(has_line(text, "weir_pool_memory_limit_bytes{pool=\"web\"} 4294967296"));
  CHECK(text.find("weir_pool_memory_limit_bytes{pool=\"ci\"}") == std::string::npos);
  CHECK(text.find("weir_pool_cpu_limit_cores") == std::string::npos);
}

TEST_CASE("metrics: pools that are not applied have no use") {
  Machine machine;
  const auto text = render(machine.measured(), Exposition::openmetrics);
  CHECK(has_line(text, "weir_pool_applied{pool=\"ci\"} 0"));
  CHECK(text.find("weir_pool_cpu_usage") == std::string::npos);
}

TEST_CASE("metrics: the text format names samples and knows no info, units or end") {
  Machine machine;
  REQUIRE(apply(machine.session, Evict::no).has_value());
  const auto text = render(machine.measured(), Exposition::prometheus);
  CHECK(has_line(text, "# TYPE weir_pool_cpu_usage_seconds_total counter"));
  CHECK(has_line(text, "# TYPE weir_pool_info gauge"));
  CHECK(text.find("# UNIT") == std::string::npos);
  CHECK(text.find("# EOF") == std::string::npos);
}

TEST_CASE("metrics: labels are escaped") {
  const std::vector<MetricFamily> families{
      {"a", MetricKind::gauge, "", "what \"a\"\nis", {{{{"l", "x\"\\\n"}}, "1"}}}};
  CHECK(render(families, Exposition::openmetrics) ==
        "# HELP a what \\\"a\\\"\\nis\n# TYPE a gauge\na{l=\"x\\\"\\\\\\n\"} 1\n# EOF\n");
}
