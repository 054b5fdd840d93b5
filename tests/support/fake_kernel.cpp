// SPDX-License-Identifier: Apache-2.0
// The tree itself: directories, attributes and processes.
#include "support/fake_kernel.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "support/fake_node.h"

namespace weir::testing {
namespace {

constexpr std::size_t longest_attribute = 65'536;  // kernel.md #18

std::string shown(const CgroupPath& cgroup, std::string_view file) {
  return cgroup.is_root() ? std::string{file} : fmt::format("{}/{}", cgroup.str(), file);
}

}  // namespace

FakeKernel::FakeKernel(FakeOptions options)
    : options_(std::move(options)),
      root_(std::make_unique<Node>()),
      elsewhere_(std::make_unique<Node>()) {
  unsigned every = 0;
  for (const auto& name : options_.controllers) every |= bit_named(name);
  root_->reset(0);
  if (options_.root == FakeOptions::Root::delegated) root_->reset(every);
}

FakeKernel::~FakeKernel() = default;

FakeKernel::Node* FakeKernel::find(const CgroupPath& cgroup) {
  Node* at = root_.get();
  for (const auto part : split(cgroup.str(), '/')) {
    const auto next = at->children.find(part);
    if (next == at->children.end()) return nullptr;
    at = next->second.get();
  }
  return at;
}

bool FakeKernel::is_root(const Node& node) const {
  return options_.root == FakeOptions::Root::kernel && node.parent == nullptr;
}

unsigned FakeKernel::available(const Node& node) const {
  if (node.parent) return node.parent->controllers;
  unsigned every = 0;
  for (const auto& name : options_.controllers) every |= bit_named(name);
  return every;
}

bool FakeKernel::has(const Node& node, std::string_view file) const {
  const auto* info = file_info(file);
  if (!info || (info->where == Where::not_on_root && is_root(node))) return false;
  if (info->controller == 0) return true;
  return (available(node) & info->controller) != 0;
}

Result<std::string> FakeKernel::read(const CgroupPath& cgroup, std::string_view file) {
  auto* node = find(cgroup);
  const auto doing = [&] { return fmt::format("open {}", shown(cgroup, file)); };
  if (!node) return os_fail(ENOENT, cgroup.str());
  if (!has(*node, file)) return os_fail(ENOENT, doing());
  if (file_info(file)->access == Access::write) return os_fail(EINVAL, doing());
  if (vanishing_.erase(cgroup.str()) != 0) {
    ignore(remove(cgroup), "a test that asks for this has emptied it");
    return os_fail(ENODEV, fmt::format("read {}", shown(cgroup, file)));
  }
  if (file == file::cgroup_procs && type(*node) == "threaded") return os_fail(EOPNOTSUPP, doing());
  return read_value(*node, file) + "\n";
}

Status FakeKernel::write(const CgroupPath& cgroup, std::string_view file, std::string_view value) {
  auto* node = find(cgroup);
  const auto refuse = [&](int sys) {
    return os_fail(sys, fmt::format("write '{}' to {}", value, shown(cgroup, file)));
  };
  if (!node || !has(*node, file)) return refuse(ENOENT);
  if (file_info(file)->access == Access::read) return refuse(EINVAL);
  const int error = write_value(*node, file, value);
  if (error != 0) return refuse(error);
  return {};
}

Status FakeKernel::make(const CgroupPath& cgroup) {
  const auto refuse = [&](int sys) { return os_fail(sys, fmt::format("mkdir {}", cgroup.str())); };
  auto* parent = find(cgroup.parent());
  if (!parent) return refuse(ENOENT);
  if (cgroup.is_root() || parent->children.contains(cgroup.leaf())) return refuse(EEXIST);
  if (cgroup.leaf().size() > 255) return refuse(ENAMETOOLONG);
  std::size_t level = 1;
  for (auto* above = parent; above; above = above->parent, ++level) {
    if (is_root(*above)) break;
    const auto descendants = above->descendants();
    const auto most = to_number<std::int64_t>(above->values.at("cgroup.max.descendants"));
    const auto deepest = to_number<std::int64_t>(above->values.at("cgroup.max.depth"));
    if ((most && descendants >= *most) || (deepest && static_cast<std::int64_t>(level) > *deepest))
      return refuse(EAGAIN);
  }
  auto node = std::make_unique<Node>();
  node->name = cgroup.leaf();
  node->parent = parent;
  node->reset(parent->controllers);
  parent->children.emplace(node->name, std::move(node));
  return {};
}

Status FakeKernel::remove(const CgroupPath& cgroup) {
  const auto refuse = [&](int sys) { return os_fail(sys, fmt::format("rmdir {}", cgroup.str())); };
  auto* node = find(cgroup);
  if (!node) return refuse(ENOENT);
  if (cgroup.is_root() || has_tasks(*node) || !node->children.empty()) return refuse(EBUSY);
  // What was charged here is the parent's from now on (kernel.md #21).
  auto* parent = node->parent;
  parent->cache += node->cache;
  for (auto& [pid, process] : processes_) {
    if (const auto charge = process.charges.extract(node); !charge.empty())
      process.charges[parent] += charge.mapped();
    if (process.at == node) process.at = parent;  // a zombie
  }
  parent->children.erase(parent->children.find(cgroup.leaf()));
  return {};
}

Result<std::vector<std::string>> FakeKernel::children(const CgroupPath& cgroup) {
  auto* node = find(cgroup);
  if (!node) return os_fail(ENOENT, fmt::format("list {}", shown(cgroup, ".")));
  std::vector<std::string> out;
  for (const auto& [name, child] : node->children) out.push_back(name);
  return out;
}

bool FakeKernel::exists(const CgroupPath& cgroup) { return find(cgroup) != nullptr; }

bool FakeKernel::has_file(const CgroupPath& cgroup, std::string_view file) {
  const auto* node = find(cgroup);
  return node && has(*node, file);
}

Result<std::optional<std::string>> FakeKernel::attribute(const CgroupPath& cgroup,
                                                         std::string_view name) {
  const auto* node = find(cgroup);
  if (!node) return os_fail(ENOENT, cgroup.str());
  const auto at = node->attributes.find(name);
  if (at == node->attributes.end()) return std::optional<std::string>{};
  return std::optional{at->second};
}

Status FakeKernel::set_attribute(const CgroupPath& cgroup, std::string_view name,
                                 std::string_view value) {
  auto* node = find(cgroup);
  if (!node) return os_fail(ENOENT, cgroup.str());
  if (value.size() > longest_attribute)
    return os_fail(E2BIG, fmt::format("set trusted.weir.{} of {}", name, cgroup.str()));
  node->attributes.insert_or_assign(std::string{name}, std::string{value});
  return {};
}

Result<UniqueFd> FakeKernel::directory(const CgroupPath& cgroup) {
  return os_fail(find(cgroup) ? EOPNOTSUPP : ENOENT, fmt::format("open {}", shown(cgroup, ".")));
}

Result<int> FakeKernel::spawn(const CgroupPath& cgroup) {
  auto* node = find(cgroup);
  if (!node) return os_fail(ENOENT, "clone3 into the cgroup");
  if (const int error = check_destination(*node)) return os_fail(error, "clone3 into the cgroup");
  for (const auto* above = node; above; above = above->parent) {
    const auto limit = above->values.find(file::pids_max);
    if (!has(*above, file::pids_max) || limit == above->values.end()) continue;
    if (const auto most = to_number<std::int64_t>(limit->second); most && tasks_in(*above) >= *most)
      return os_fail(EAGAIN, "clone3 into the cgroup");
  }
  const int pid = next_pid_++;
  processes_[pid].at = node;
  return pid;
}

int FakeKernel::spawn_kernel_thread() {
  const int pid = next_pid_++;
  processes_[pid] = {elsewhere_.get(), false, true, {}};
  return pid;
}

void FakeKernel::kill(int pid) {
  auto& process = processes_.at(pid);
  process.zombie = true;
  process.charges.clear();
}

void FakeKernel::reap(int pid) { processes_.erase(pid); }

bool FakeKernel::is_alive(int pid) const {
  const auto at = processes_.find(pid);
  return at != processes_.end() && !at->second.zombie;
}

void FakeKernel::use_memory(int pid, std::int64_t bytes) {
  auto& process = processes_.at(pid);
  process.charges[process.at] += bytes;
}

void FakeKernel::release_memory(int pid, const CgroupPath& cgroup, std::int64_t bytes) {
  auto& charges = processes_.at(pid).charges;
  auto* node = find(cgroup);
  if (!node || charges[node] < bytes) throw NotModelled("memory that is not charged there");
  charges[node] -= bytes;
}

void FakeKernel::drop_cache(const CgroupPath& cgroup) {
  if (auto* node = find(cgroup)) node->cache = 0;
}

void FakeKernel::use_cache(const CgroupPath& cgroup, std::int64_t bytes) {
  auto* node = find(cgroup);
  if (!node) throw NotModelled("cache of a cgroup that is not there");
  node->cache += bytes;
}

std::string FakeKernel::dump() {
  std::string out;
  dump_node(*root_, "", out);
  return out;
}

void FakeKernel::dump_node(const Node& node, const std::string& path, std::string& out) const {
  out += fmt::format("{}/ [{}]\n", path, names_of(node.controllers));
  for (const auto& [name, value] : node.values)
    if (has(node, name)) out += fmt::format("{}/{} = {}\n", path, name, value);
  for (const auto& [name, value] : node.attributes)
    out += fmt::format("{}/ {} = {}\n", path, name, printable(value, 4096));
  for (const auto& [name, child] : node.children)
    dump_node(*child, fmt::format("{}/{}", path, name), out);
}

}  // namespace weir::testing
