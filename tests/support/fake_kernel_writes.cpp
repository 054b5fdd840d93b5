// SPDX-License-Identifier: Apache-2.0
// What the fake kernel makes of what is written.
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "support/fake_node.h"
#include "support/kernel_parse.h"

namespace weir::testing {
namespace {

int keep(std::string& value, const Taken<std::string>& taken) {
  if (taken.error == 0) value = taken.value;
  return taken.error;
}

/// A switch that is 0 or 1.
int keep_flag(std::string& value, std::string_view text, int out_of_range) {
  const auto flag = kstrtoint(trim(text));
  if (flag.error != 0) return flag.error;
  if (flag.value < 0 || flag.value > 1) return out_of_range;
  value = fmt::format("{}", flag.value);
  return 0;
}

int keep_count(std::string& value, std::string_view text) {
  text = trim(text);
  const auto number = kstrtoint(text);
  if (text != "max" && number.error != 0) return number.error;
  if (text != "max" && number.value < 0) return ERANGE;
  value = text == "max" ? "max" : fmt::format("{}", number.value);
  return 0;
}

}  // namespace

int FakeKernel::write_value(Node& node, std::string_view file, std::string_view value) {
  // CgroupIo::write sends a lone line end for an empty value.
  if (value.empty()) value = "\n";
  if (file.starts_with("cgroup.")) return write_core(node, file, value);
  if (file.starts_with("cpu.")) return write_cpu(node, file, value);
  if (file.starts_with("memory.")) return write_memory(node, file, value);
  if (file == file::cpuset_cpus) return write_cpuset(node, value);
  if (file == file::io_max) return write_io_max(node, value);
  if (file == file::pids_max) return keep(node.values.find(file)->second, task_limit(value));
  throw NotModelled(fmt::format("write to {}", file));
}

int FakeKernel::write_core(Node& node, std::string_view file, std::string_view value) {
  if (file == file::cgroup_subtree_control) return switch_controllers(node, value);
  if (file == file::cgroup_procs) return move_process(node, value);
  if (file == file::cgroup_freeze) return keep_flag(node.values.at("cgroup.freeze"), value, ERANGE);
  if (file.starts_with("cgroup.max.")) return keep_count(node.values.find(file)->second, value);
  if (file != file::cgroup_kill) throw NotModelled(fmt::format("write to {}", file));
  const auto flag = kstrtoint(trim(value));
  if (flag.error != 0) return flag.error;
  if (flag.value != 1) return ERANGE;
  for (auto& [pid, process] : processes_)
    if (!process.kernel_thread && process.at->is_within(node)) kill(pid);
  return 0;
}

int FakeKernel::write_cpu(Node& node, std::string_view file, std::string_view value) {
  auto& now = node.values.find(file)->second;
  if (file == file::cpu_max) return keep(now, cpu_bandwidth(value, now));
  const bool idle = node.values.at("cpu.idle") == "1";
  if (file == "cpu.idle") {
    // Leaving idle sets the weight back as well (kernel.md #29).
    const int error = keep_flag(now, value, ERANGE);
    if (error == 0 && idle && now == "0") node.values.at("cpu.weight") = "100";
    return error;
  }
  const auto weight = kstrtoull(value);
  if (weight.error != 0) return weight.error;
  if (weight.value < 1 || weight.value > 10'000) return ERANGE;
  if (idle) return EINVAL;
  now = fmt::format("{}", weight.value);
  return 0;
}

int FakeKernel::write_memory(Node& node, std::string_view file, std::string_view value) {
  if (file == file::memory_oom_group)
    return keep_flag(node.values.find(file)->second, value, EINVAL);
  const auto limit = memory_limit(value);
  if (limit.error != 0) return limit.error;
  if (file == file::memory_reclaim) {
    auto wanted = static_cast<std::int64_t>(limit.value.value_or(0));
    reclaim(node, wanted);
    return wanted > 0 ? EAGAIN : 0;
  }
  node.values.find(file)->second = limit.value ? fmt::format("{}", *limit.value) : "max";
  if (file == file::memory_max && limit.value)
    enforce_memory_max(node, static_cast<std::int64_t>(*limit.value));
  return 0;
}

int FakeKernel::write_cpuset(Node& node, std::string_view value) {
  const auto list = cpu_list(value, options_.cpus);
  if (list.error != 0) return list.error;
  auto& now = node.values.find(file::cpuset_cpus)->second;
  if (list.value.empty() && !now.empty() && is_populated(node)) return ENOSPC;  // kernel.md #48
  now = list.value.str();
  return 0;
}

int FakeKernel::write_io_max(Node& node, std::string_view value) {
  value = trim(value);
  const auto device = value.substr(0, value.find(' '));
  if (device.find(':') == std::string_view::npos) return EINVAL;
  if (std::ranges::find(options_.disks, device) == options_.disks.end()) return ENODEV;
  auto& now = node.io_limits.try_emplace(std::string{device}, no_device_limits).first->second;
  const auto taken = device_limits(value.substr(device.size()), now);
  if (taken.error == 0) now = taken.value;
  std::string text;
  for (const auto& [name, limits] : node.io_limits) {
    if (limits == no_device_limits) continue;
    const auto shown = [](std::uint64_t limit) {
      return limit == ~0ULL ? std::string{"max"} : fmt::format("{}", limit);
    };
    text += fmt::format("{}{} rbps={} wbps={} riops={} wiops={}", text.empty() ? "" : "\n", name,
                        shown(limits[0]), shown(limits[1]), shown(limits[2]), shown(limits[3]));
  }
  node.values.find(file::io_max)->second = text;
  return taken.error;
}

/// cgroup_subtree_control_write().
int FakeKernel::switch_controllers(Node& node, std::string_view value) {
  unsigned enable = 0, disable = 0;
  for (const auto word : split(trim(value), ' ')) {
    if (word.empty()) continue;
    const auto bit = bit_named(word.substr(1));
    const bool known = bit != 0 && std::ranges::find(options_.controllers, word.substr(1)) !=
                                       options_.controllers.end();
    if (!known || (word[0] != '+' && word[0] != '-')) return EINVAL;
    (word[0] == '+' ? enable : disable) |= bit;
    (word[0] == '+' ? disable : enable) &= ~bit;
  }
  if (const int error = check_switch(node, enable, disable)) return error;
  if (const int error = check_enable(node, enable)) return error;
  set_controllers(node, (node.controllers | enable) & ~disable);
  return 0;
}

int FakeKernel::check_switch(const Node& node, unsigned& enable, unsigned& disable) const {
  for (const auto& [bit, name] : controller_names) {
    if ((enable & bit) != 0 && (node.controllers & bit) == 0 && (available(node) & bit) == 0)
      return ENOENT;
    const auto used_below = [bit = bit](const auto& child) {
      return (child.second->controllers & bit) != 0;
    };
    if ((disable & bit & node.controllers) != 0 && std::ranges::any_of(node.children, used_below))
      return EBUSY;
  }
  enable &= ~node.controllers;
  disable &= node.controllers;
  return 0;
}

void FakeKernel::set_controllers(Node& node, unsigned mask) {
  const unsigned fresh = mask & ~node.controllers;
  node.controllers = mask;
  for (auto& [name, child] : node.children) child->reset(fresh);
}

/// cgroup_procs_write(); the caller itself ("0") is not modelled.
int FakeKernel::move_process(Node& node, std::string_view value) {
  const auto pid = kstrtoint(trim(value));
  if (pid.error != 0 || pid.value < 0) return EINVAL;
  if (pid.value == 0) throw NotModelled("the fake has no caller to move");
  const auto at = processes_.find(pid.value);
  if (at == processes_.end()) return ESRCH;
  if (at->second.kernel_thread) return EINVAL;
  if (const int error = check_destination(node)) return error;
  if (!at->second.zombie) at->second.at = &node;
  return 0;
}

void FakeKernel::reclaim(Node& node, std::int64_t& bytes) {
  const auto taken = std::clamp<std::int64_t>(node.cache, 0, bytes);
  node.cache -= taken;
  bytes -= taken;
  for (auto& [name, child] : node.children) reclaim(*child, bytes);
}

/// Reclaims, then kills inside the write (kernel.md #23, #24).
void FakeKernel::enforce_memory_max(Node& node, std::int64_t limit) {
  auto over = memory_in(node) - limit;
  if (over > 0) reclaim(node, over);
  while (memory_in(node) > limit) {
    const int victim = pick_victim(node);
    if (victim < 0) return;
    kill(victim);
    ++oom_kills_;
  }
}

int FakeKernel::pick_victim(const Node& node) const {
  int victim = -1;
  std::int64_t most = 0;
  for (const auto& [pid, process] : processes_) {
    std::int64_t sum = 0;
    for (const auto& [where, bytes] : process.charges) sum += bytes;
    if (process.zombie || !process.at->is_within(node) || sum <= most) continue;
    victim = pid;
    most = sum;
  }
  return victim;
}

}  // namespace weir::testing
