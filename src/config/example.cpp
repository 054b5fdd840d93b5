// SPDX-License-Identifier: Apache-2.0
#include "weir/config/example.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/units.h"

namespace weir {
namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

/// Down to a number that looks chosen: halves above one core, twentieths or hundredths below.
Cores round_cores(std::int64_t micro) {
  const std::int64_t step = micro >= micro_per_core        ? micro_per_core / 2
                            : micro >= micro_per_core / 10 ? micro_per_core / 20
                                                           : micro_per_core / 100;
  return std::max(Cores{micro / step * step}, min_cores);
}

/// Down to two or three significant binary digits.
Bytes round_bytes(std::int64_t bytes) {
  std::int64_t step = page_size;
  while (step * 8 <= bytes) step *= 2;
  return {bytes / step * step};
}

/// The usual reserve, or a quarter of a host for which that would be too much.
Reserve reserve_for(const Host& host) {
  Reserve reserve;
  if (host.cpu_total() < whole_cores(1)) reserve.cpu = round_cores(host.cpu_total().value / 4);
  if (host.memory_total.value < 2 * gib) reserve.memory = round_bytes(host.memory_total.value / 4);
  return reserve;
}

constexpr std::string_view header =
    R"(# weir.toml: how the CPUs and the memory of this host are shared out.
# Check it with `weir check`, see what would change with `weir plan`, put it in place with `weir apply`.
# Files in weir.d/ beside this one are read as well. Everything is explained in weir.toml(5).

[host]
# Kept for the system, outside every pool. The rest is the capacity:
# {capacity_cpu} cores and {capacity_memory} memory.
reserve = {{ cpu = {reserve_cpu}, memory = "{reserve_memory}" }}
# default_pool = "batch"   # for containers that no pool matches; without it they are left alone
)";

constexpr std::string_view pools = R"(
# A reservation is guaranteed whatever the others do; a limit is never exceeded. What is reserved
# and not used is lent to others, CPU at once, memory as far as it can be reclaimed.
[pool.web]
shares = 200               # twice the default weight where pools compete for what nobody reserved
cpu = {{ reservation = {web_cpu} }}
memory = {{ reservation = "{web_memory}", limit = "75%" }}   # 75% of the host's capacity

# CI jobs wait for their turn instead of slowing each other down:
# weir run --pool ci --wait -- make test
[pool.ci]
policy = "fifo"
cpu = {{ reservation = {ci_cpu} }}
memory = {{ reservation = "{ci_memory}", limit = "50%" }}
pids = {{ limit = 4096 }}
[pool.ci.container]        # what a job gets that asks for nothing itself
cpu = {{ request = {job_cpu}, limit = {ci_cpu} }}
memory = {{ request = "{job_memory}", limit = "{ci_memory}" }}
# [pool.ci.allow]          # who besides root may start containers here
# groups = ["ci"]

# Reserves nothing: it runs on what web and ci leave over.
[pool.batch]
shares = 50
memory = {{ limit = "50%" }}
)";

}  // namespace

std::string example_config(const Host& host) {
  const auto reserve = reserve_for(host);
  const auto cpu = host.cpu_total().value - reserve.cpu.value;
  const auto memory = host.memory_total.value - reserve.memory.value;
  const auto ci_cpu = round_cores(cpu / 4);
  const auto ci_memory = round_bytes(memory / 4);
  const auto bytes = [](Bytes b) { return to_exact_text(b); };
  return fmt::format(header, fmt::arg("capacity_cpu", to_text(Cores{cpu})),
                     fmt::arg("capacity_memory", to_text(page_floor(Bytes{memory}))),
                     fmt::arg("reserve_cpu", to_text(reserve.cpu)),
                     fmt::arg("reserve_memory", bytes(reserve.memory))) +
         fmt::format(pools, fmt::arg("web_cpu", to_text(round_cores(cpu * 2 / 5))),
                     fmt::arg("web_memory", bytes(round_bytes(memory * 2 / 5))),
                     fmt::arg("ci_cpu", to_text(ci_cpu)), fmt::arg("ci_memory", bytes(ci_memory)),
                     fmt::arg("job_cpu", to_text(round_cores(ci_cpu.value / 2))),
                     fmt::arg("job_memory", bytes(round_bytes(ci_memory.value / 2))));
}

}  // namespace weir
