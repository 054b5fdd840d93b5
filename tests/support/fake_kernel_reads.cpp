// SPDX-License-Identifier: Apache-2.0
// What the fake kernel's interface files say.
#include <fmt/format.h>

#include "support/fake_node.h"

namespace weir::testing {

std::string FakeKernel::read_value(const Node& node, std::string_view file) const {
  if (file == file::cgroup_controllers) return names_of(available(node));
  if (file == file::cgroup_subtree_control) return names_of(node.controllers);
  if (file == file::cgroup_events) return events(node);
  if (file == file::cgroup_type) return type(node);
  // Every process of the fake has one thread.
  if (file == file::cgroup_procs || file == file::cgroup_threads) return processes_in(node);
  if (file == file::cpuset_cpus_effective) return effective_cpus(node).str();
  if (file == file::memory_current) return fmt::format("{}", memory_in(node));
  if (file == file::pids_current) return fmt::format("{}", tasks_in(node));
  if (file == file::cpu_weight && node.values.at("cpu.idle") == "1")
    return options_.is_6_12 ? "1" : "0";  // kernel.md #29
  if (const auto at = node.values.find(file); at != node.values.end()) return at->second;
  return statistics(node, file);
}

std::string FakeKernel::events(const Node& node) const {
  return fmt::format("populated {}\nfrozen {}", is_populated(node) ? 1 : 0,
                     is_frozen(node) ? 1 : 0);
}

std::string FakeKernel::type(const Node& node) const {
  if (is_thread_root(node)) return "domain threaded";
  return is_valid_domain(node) ? "domain" : "domain invalid";
}

std::string FakeKernel::processes_in(const Node& node) const {
  std::string out;
  for (const auto& [pid, process] : processes_)
    if (process.at == &node && !process.zombie)
      out += fmt::format("{}{}", out.empty() ? "" : "\n", pid);
  return out;
}

std::int64_t FakeKernel::cache_in(const Node& node) {
  auto sum = node.cache;
  for (const auto& [name, child] : node.children) sum += cache_in(*child);
  return sum;
}

std::string FakeKernel::statistics(const Node& node, std::string_view file) const {
  if (file == file::cgroup_stat)
    return fmt::format("nr_descendants {}\nnr_dying_descendants 0", node.descendants());
  if (file == file::cpu_stat) return "usage_usec 0\nuser_usec 0\nsystem_usec 0";
  if (file == file::memory_stat)
    return fmt::format("anon 0\nfile {0}\nslab_reclaimable 0\ninactive_file {0}\nactive_file 0",
                       cache_in(node));
  if (file.ends_with(".pressure"))
    return "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
           "full avg10=0.00 avg60=0.00 avg300=0.00 total=0";
  throw NotModelled(std::string{file});
}

}  // namespace weir::testing
