// SPDX-License-Identifier: Apache-2.0
// Who may be where: kernel/cgroup/cgroup.c in the fake's words, and sums over the tree.
#include <algorithm>
#include <cerrno>

#include "support/fake_node.h"

namespace weir::testing {

bool FakeKernel::has_tasks(const Node& node) const {
  return std::ranges::any_of(processes_, [&](const auto& entry) {
    return entry.second.at == &node && !entry.second.zombie;
  });
}

bool FakeKernel::is_populated(const Node& node) const {
  return has_tasks(node) || std::ranges::any_of(node.children, [&](const auto& child) {
           return is_populated(*child.second);
         });
}

bool FakeKernel::is_frozen(const Node& node) const {
  for (const auto* at = &node; at; at = at->parent)
    if (!is_root(*at) && at->values.at("cgroup.freeze") == "1") return true;
  return false;
}

bool FakeKernel::is_mixable(const Node& node) const { return is_root(node); }

bool FakeKernel::is_thread_root(const Node& node) const {
  return !is_root(node) && has_tasks(node) && (node.controllers & threaded_bits) != 0;
}

bool FakeKernel::can_be_thread_root(const Node& node) const {
  if (is_mixable(node)) return true;
  const bool populated_child = std::ranges::any_of(
      node.children, [&](const auto& child) { return is_populated(*child.second); });
  return !populated_child && (node.controllers & ~threaded_bits) == 0;
}

bool FakeKernel::is_valid_domain(const Node& node) const {
  for (const auto* at = node.parent; at; at = at->parent)
    if (!is_mixable(*at) && is_thread_root(*at)) return false;
  return true;
}

int FakeKernel::check_destination(const Node& node) const {
  if (!is_valid_domain(node)) return EOPNOTSUPP;
  if (can_be_thread_root(node)) return 0;
  return node.controllers != 0 ? EBUSY : 0;
}

int FakeKernel::check_enable(const Node& node, unsigned enable) const {
  if (enable == 0) return 0;
  if (!is_valid_domain(node)) return EOPNOTSUPP;
  if (is_mixable(node)) return 0;
  if ((enable & ~threaded_bits) != 0) {
    if (is_thread_root(node)) return EOPNOTSUPP;
  } else if (can_be_thread_root(node)) {
    return 0;
  }
  return has_tasks(node) ? EBUSY : 0;
}

std::int64_t FakeKernel::memory_in(const Node& node) const {
  std::int64_t sum = node.cache;
  for (const auto& [pid, process] : processes_)
    if (const auto at = process.charges.find(const_cast<Node*>(&node)); at != process.charges.end())
      sum += at->second;
  for (const auto& [name, child] : node.children) sum += memory_in(*child);
  return sum;
}

std::int64_t FakeKernel::tasks_in(const Node& node) const {
  return std::ranges::count_if(processes_, [&](const auto& entry) {
    return !entry.second.zombie && entry.second.at->is_within(node);
  });
}

CpuSet FakeKernel::effective_cpus(const Node& node) const {
  CpuSet above;
  if (node.parent)
    above = effective_cpus(*node.parent);
  else
    above = *CpuSet::parse("0-" + std::to_string(options_.cpus - 1));
  const auto own = node.values.find(file::cpuset_cpus);
  if (!has(node, file::cpuset_cpus) || own == node.values.end()) return above;
  const auto both = CpuSet::parse(own->second)->intersect(above);
  return both.empty() ? above : both;
}

}  // namespace weir::testing
