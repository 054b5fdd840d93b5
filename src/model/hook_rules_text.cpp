// SPDX-License-Identifier: Apache-2.0
// HookRules as text.
#include <concepts>
#include <fmt/format.h>

#include "weir/model/hook_rules.h"

#include "hook_rules_words.h"

namespace weir {
namespace {

using hook_rules::escaped;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class... Words>
  void line(std::string_view key, const Words&... words) {
    out_ += key;
    ((out_ += ' ', word(words)), ...);
    out_ += '\n';
  }
  template <class T>
  void number(std::string_view key, const std::optional<T>& amount) {
    if (!amount) return;
    if constexpr (requires { amount->value; })
      line(key, amount->value);
    else
      line(key, *amount);
  }
  void flag(std::string_view key, bool is_set) {
    if (is_set) line(key);
  }

 private:
  void word(std::string_view text) { out_ += text; }
  /// Nearly all are whole numbers, and an apply of many pools waits for them.
  template <std::integral Number>
  void word(Number number) {
    const fmt::format_int text(number);
    out_.append(text.data(), text.size());
  }
  void word(double number) { out_ += fmt::format("{}", number); }

  std::string& out_;
};

void write_claims(Writer& out, const Pool& pool) {
  out.line("cpu_reservation", pool.cpu.reservation.value);
  out.number("cpu_limit", pool.cpu.limit);
  out.line("cpu_shares", pool.cpu.shares);
  out.line("memory_reservation", pool.memory.reservation.value);
  out.number("memory_limit", pool.memory.limit);
  out.line("memory_shares", pool.memory.shares);
  out.flag("cpu_closed", !pool.cpu.expandable);
  out.flag("memory_closed", !pool.memory.expandable);
  out.number("pids_limit", pool.pids_limit);
  out.number("max_containers", pool.spec.max_containers);
  out.flag("hard", pool.spec.memory.hard);
  out.number("swap", pool.spec.memory.swap);
}

void write_defaults(Writer& out, const ContainerDefaults& defaults) {
  out.number("container_cpu_request", defaults.cpu_request);
  out.number("container_cpu_limit", defaults.cpu_limit);
  out.number("container_memory_request", defaults.memory_request);
  out.number("container_memory_limit", defaults.memory_limit);
  out.number("container_value", defaults.value);
  if (defaults.work) out.line("container_work", defaults.work->count());
}

void write_allow(Writer& out, const AllowSpec& allow, const AllowedIds& ids) {
  out.line("allow");
  for (const auto id : ids.users) out.line("allow_user", id);
  for (const auto id : ids.groups) out.line("allow_group", id);
  out.flag("allow_annotation", allow.annotation);
  out.number("max_priority", allow.max_priority);
  out.number("max_request_cpu", allow.max_request_cpu);
  out.number("max_request_memory", allow.max_request_memory);
}

void write_match(Writer& out, const MatchSpec& match) {
  out.line("match");
  for (const auto& [key, value] : match.annotation)
    out.line("match_annotation", escaped(key), escaped(value));
  for (const auto& pattern : match.cgroup_parent) out.line("match_cgroup_parent", escaped(pattern));
  for (const auto& [key, value] : match.env) out.line("match_env", escaped(key), escaped(value));
  for (const auto uid : match.uid) out.line("match_uid", uid);
}

void write_pool(Writer& out, const HookRules& rules, std::size_t i) {
  const auto& pool = rules.tree.pools[i];
  out.line("pool", pool.name().str());
  if (pool.parent) out.line("parent", rules.tree.pools[*pool.parent].name().str());
  out.line("path", escaped(pool.path.str()));
  write_claims(out, pool);
  out.flag("on_error_closed", pool.spec.on_error == OnError::closed);
  out.flag("oom_process", pool.spec.oom == OomScope::process);
  write_defaults(out, pool.spec.container);
  if (pool.spec.allow) write_allow(out, *pool.spec.allow, rules.allowed[i]);
  if (pool.spec.match) write_match(out, *pool.spec.match);
}

}  // namespace

std::string HookRules::str() const {
  auto out = fmt::format("{}{}\n", hook_rules::version, to_text(on_error));
  Writer writer(out);
  writer.line("max_wait", max_wait.count());
  writer.line("mount", escaped(mount));
  if (!prefix.empty()) writer.line("prefix", escaped(prefix));
  if (runtime) writer.line("runtime", escaped(*runtime));
  writer.line("top", escaped(tree.top.str()));
  writer.flag("systemd", tree.backend == Backend::systemd);
  writer.line("capacity", tree.capacity.cpu.value, tree.capacity.memory.value,
              tree.capacity.pids.value);
  writer.line("overcommit", tree.host.overcommit.cpu, tree.host.overcommit.memory);
  for (std::size_t i = 0; i < tree.pools.size(); ++i) write_pool(writer, *this, i);
  if (default_pool) writer.line("default_pool", tree.pools[*default_pool].name().str());
  return out + std::string{hook_rules::last_line} + "\n";
}

}  // namespace weir
