// SPDX-License-Identifier: Apache-2.0
// Which metrics there are. Names and units by prometheus.io/docs/practices/naming: base units,
// counters of what passed rather than rates, one resource or event a label.
#include "weir/runtime/metrics.h"

#include <fmt/format.h>

#include "weir/cgroup/usage.h"

namespace weir {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string number(std::int64_t value) { return fmt::format("{}", value); }
std::string number(std::uint64_t value) { return fmt::format("{}", value); }
std::string number(Bytes bytes) { return number(bytes.value); }
std::string number(Tasks tasks) { return number(tasks.value); }
std::string number(Cores cores) { return fmt::format("{}", as_double(cores)); }

/// Microseconds as seconds, without a floating-point number on the way.
std::string seconds(std::uint64_t us) {
  return fmt::format("{}.{:06}", us / 1'000'000, us % 1'000'000);
}

Labels with(Labels labels, std::string name, std::string value) {
  labels.emplace_back(std::move(name), std::move(value));
  return labels;
}

/// Families in the order in which they are first mentioned.
class Book {
 public:
  MetricFamily& family(std::string name, MetricKind kind, std::string unit, std::string help) {
    for (auto& known : families_)
      if (known.name == name) return known;
    families_.push_back({std::move(name), kind, std::move(unit), std::move(help), {}});
    return families_.back();
  }
  template <class T>
  void gauge(std::string name, std::string unit, std::string help, const Labels& labels,
             const T& value) {
    family(std::move(name), MetricKind::gauge, std::move(unit), std::move(help))
        .samples.push_back({labels, number(value)});
  }
  /// No sample where there is no value: no limit is not a limit of 0.
  template <class T>
  void gauge(std::string name, std::string unit, std::string help, const Labels& labels,
             const std::optional<T>& value) {
    if (value) gauge(std::move(name), std::move(unit), std::move(help), labels, *value);
  }
  void counter(std::string name, std::string unit, std::string help, const Labels& labels,
               std::string value) {
    family(std::move(name), MetricKind::counter, std::move(unit), std::move(help))
        .samples.push_back({labels, std::move(value)});
  }
  void info(std::string name, std::string help, Labels labels) {
    family(std::move(name), MetricKind::info, "", std::move(help))
        .samples.push_back({std::move(labels), "1"});
  }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void add_host(const HostStatus& status, Book& book) {
  book.info("weir_build", "The version of weir that measured this.", {{"version", WEIR_VERSION}});
  book.gauge("weir_host_cpu_capacity_cores", "cores", "CPU that pools may share.", {},
             status.capacity.cpu);
  book.gauge("weir_host_cpu_reserved_cores", "cores", "CPU that the top pools reserve.", {},
             status.cpu_reserved);
  book.gauge("weir_host_memory_capacity_bytes", "bytes", "Memory that pools may share.", {},
             status.capacity.memory);
  book.gauge("weir_host_memory_reserved_bytes", "bytes", "Memory that the top pools reserve.", {},
             status.memory_reserved);
}

/// What every cgroup has, under `prefix` "weir_pool" or "weir_container".
void add_use(const std::string& prefix, const Labels& labels, const Usage& use, Book& book) {
  book.counter(prefix + "_cpu_usage_seconds", "seconds", "CPU time used.", labels,
               seconds(use.cpu_us));
  book.counter(prefix + "_cpu_throttled_seconds", "seconds", "Time held back by the CPU limit.",
               labels, seconds(use.throttled_us));
  book.gauge(prefix + "_memory_usage_bytes", "bytes", "Memory charged, page cache included.",
             labels, use.memory);
  book.gauge(prefix + "_memory_swap_usage_bytes", "bytes", "Memory swapped out.", labels, use.swap);
  book.gauge(prefix + "_tasks", "", "Processes and threads.", labels, use.tasks);
  book.counter(prefix + "_oom_kills", "", "Processes killed for want of memory.", labels,
               number(use.events.oom_kill));
  const auto event = [&](const char* name, std::uint64_t count) {
    book.counter(prefix + "_memory_events", "", "Times a memory limit was met (memory.events).",
                 with(labels, "event", name), number(count));
  };
  event("low", use.events.low);
  event("high", use.events.high);
  event("max", use.events.max);
  event("oom", use.events.oom);
}

void add_pressure(const std::string& prefix, const Labels& labels, const Usage& use, Book& book) {
  const auto add = [&](const char* resource, const std::optional<Pressure>& pressure) {
    if (!pressure) return;
    const auto labelled = with(labels, "resource", resource);
    book.counter(prefix + "_pressure_waiting_seconds", "seconds",
                 "Time in which some task waited for the resource (PSI some).", labelled,
                 seconds(pressure->some_us));
    book.counter(prefix + "_pressure_stalled_seconds", "seconds",
                 "Time in which every task waited for the resource (PSI full).", labelled,
                 seconds(pressure->full_us));
  };
  add("cpu", use.cpu_pressure);
  add("memory", use.memory_pressure);
  add("io", use.io_pressure);
}

void add_io(const std::string& prefix, const Labels& labels, const Usage& use, Book& book) {
  for (const auto& [device, io] : use.io) {
    const auto labelled = with(labels, "device", device.str());
    book.counter(prefix + "_io_read_bytes", "bytes", "Read from the device.", labelled,
                 number(io.read_bytes));
    book.counter(prefix + "_io_written_bytes", "bytes", "Written to the device.", labelled,
                 number(io.write_bytes));
    book.counter(prefix + "_io_reads", "", "Read operations.", labelled, number(io.reads));
    book.counter(prefix + "_io_writes", "", "Write operations.", labelled, number(io.writes));
  }
}

void add_pool(const PoolTree& tree, const PoolStatus& status, const Usage& use, Book& book) {
  const auto& pool = tree.pools[status.pool];
  const Labels labels{{"pool", pool.name().str()}};
  auto facts = labels;
  facts.emplace_back("parent", pool.parent ? tree.pools[*pool.parent].name().str() : "");
  facts.emplace_back("policy", to_text(pool.spec.policy.value));
  facts.emplace_back("mode", to_text(pool.spec.mode));
  facts.emplace_back("path", pool.path.str());
  book.info("weir_pool", "What a pool is.", std::move(facts));
  book.gauge("weir_pool_applied", "", "1 where the pool's slice exists.", labels,
             std::int64_t{status.applied});
  book.gauge("weir_pool_cpu_reservation_cores", "cores", "CPU guaranteed.", labels,
             pool.cpu.reservation);
  book.gauge("weir_pool_cpu_limit_cores", "cores", "CPU limit; absent without one.", labels,
             pool.cpu.limit);
  book.gauge("weir_pool_cpu_reserved_cores", "cores", "CPU that members and child pools reserve.",
             labels, Cores{status.account.reserved[Resource::cpu]});
  book.gauge("weir_pool_cpu_entitlement_cores", "cores", "CPU due when everybody wants all.",
             labels, status.cpu_entitlement);
  book.gauge("weir_pool_cpu_demand_cores", "cores",
             "CPU it seems to want; absent without an agent.", labels, status.cpu_demand);
  book.gauge("weir_pool_memory_demand_bytes", "bytes",
             "Memory it seems to want; absent without an agent.", labels, status.memory_demand);
  book.gauge("weir_pool_memory_reservation_bytes", "bytes", "Memory guaranteed.", labels,
             pool.memory.reservation);
  book.gauge("weir_pool_memory_limit_bytes", "bytes", "Memory limit; absent without one.", labels,
             pool.memory.limit);
  book.gauge("weir_pool_memory_reserved_bytes", "bytes",
             "Memory that members and child pools reserve.", labels,
             Bytes{status.account.reserved[Resource::memory]});
  book.gauge("weir_pool_memory_entitlement_bytes", "bytes", "Memory due to the pool.", labels,
             status.memory_entitlement);
  book.gauge("weir_pool_tasks_limit", "", "Limit of tasks; absent without one.", labels,
             pool.pids_limit);
  book.gauge("weir_pool_containers", "", "Containers in the pool and below.", labels,
             static_cast<std::int64_t>(status.containers));
  book.gauge("weir_pool_queued_containers", "", "Containers that wait for it.", labels,
             static_cast<std::int64_t>(status.queued));
  if (!status.applied) return;
  add_use("weir_pool", labels, use, book);
  add_pressure("weir_pool", labels, use, book);
  add_io("weir_pool", labels, use, book);
}

void add_container(const PoolTree& tree, const ContainerStatus& status, const Usage& use,
                   Book& book) {
  const auto& record = status.member.record;
  const Labels labels{{"container", record.name.str()},
                      {"pool", tree.pools[status.member.pool].name().str()}};
  auto facts = labels;
  facts.emplace_back("path", status.member.path.str());
  facts.emplace_back("owner_uid", number(static_cast<std::int64_t>(record.owner_uid)));
  book.info("weir_container", "What a container is.", std::move(facts));
  book.gauge("weir_container_frozen", "", "1 while it is stopped by the freezer.", labels,
             std::int64_t{status.frozen});
  book.gauge("weir_container_cpu_request_cores", "cores", "CPU it reserves.", labels,
             record.cpu_reserved());
  book.gauge("weir_container_cpu_limit_cores", "cores", "CPU limit; absent without one.", labels,
             record.cpu_limit);
  book.gauge("weir_container_cpu_entitlement_cores", "cores", "CPU due when everybody wants all.",
             labels, status.cpu_entitlement);
  book.gauge("weir_container_memory_request_bytes", "bytes", "Memory it reserves.", labels,
             record.memory_reserved());
  book.gauge("weir_container_memory_limit_bytes", "bytes", "Memory limit; absent without one.",
             labels, record.memory_limit);
  add_use("weir_container", labels, use, book);
  add_pressure("weir_container", labels, use, book);
}

}  // namespace

std::vector<MetricFamily> measure(CgroupIo& io, const PoolTree& tree, const HostStatus& status) {
  Book book;
  add_host(status, book);
  for (const auto& pool : status.pools)
    add_pool(tree, pool, read_usage(io, tree.pools[pool.pool].path), book);
  for (const auto& container : status.containers)
    add_container(tree, container, read_usage(io, container.member.path), book);
  return book.take();
}

}  // namespace weir
