// SPDX-License-Identifier: Apache-2.0
// What a pool says about its containers: defaults, who may enter, which come by themselves.
#include <algorithm>

#include "sections.h"
#include "values.h"

namespace weir::config {
namespace {

/// A value with its place, into a struct that keeps the two apart.
template <class T, class Reader>
void read_at(TableReader& table, std::string_view key, Reader reader, std::optional<T>& out,
             SourcePos& at) {
  std::optional<Located<T>> value;
  table.read(key, reader, value);
  if (!value) return;
  out = value->value;
  at = value->at;
}

std::optional<std::string> account_name(const Field& field) {
  auto name = text(field);
  constexpr std::size_t longest = 256;
  if (name && (name->size() > longest || name->find_first_of(":/, \t") != std::string::npos)) {
    field.error(fmt::format("'{}' is not the name of a user or group", printable(*name, 60)));
    return std::nullopt;
  }
  return name;
}

/// A shell pattern over cgroup paths: "/ci*", "machine.slice/*".
std::optional<std::string> cgroup_pattern(const Field& field) {
  auto pattern = text(field);
  if (!pattern) return std::nullopt;
  const auto parts = split(*pattern, '/');
  const auto open = pattern->rfind('[');
  const bool unclosed = open != std::string::npos && pattern->find(']', open) == std::string::npos;
  if (unclosed || std::ranges::any_of(parts, [](auto p) { return p == ".." || p == "."; })) {
    field.error(fmt::format("'{}' is not a pattern of cgroup paths", printable(*pattern, 60)),
                "write \"/ci*\": * stands for anything, ? for one character, [ab] for a or b");
    return std::nullopt;
  }
  return pattern;
}

void refuse_bad_names(const Field& field) {
  for (const auto& [key, at, value] : field.node.entries)
    if (key.find('=') != std::string::npos)
      field.report.error(at, field.key,
                         fmt::format("'{}' is not the name of a variable", printable(key, 60)));
}

}  // namespace

void read_container(const Field& field, ContainerDefaults& container) {
  TableReader table(field);
  container.given = true;
  container.at = field.node.at;
  const auto cores_request = [](const Field& f) { return cores(f, Zero::allowed); };
  const auto cores_limit = [](const Field& f) { return cores(f, Zero::refused); };
  const auto bytes_request = [](const Field& f) { return bytes(f, Zero::allowed); };
  const auto bytes_limit = [](const Field& f) { return bytes(f, Zero::refused); };
  if (const auto* node = table.find("cpu")) {
    TableReader cpu(table.field("cpu", *node));
    read_at(cpu, "request", cores_request, container.cpu_request, container.cpu_request_at);
    read_at(cpu, "limit", cores_limit, container.cpu_limit, container.cpu_limit_at);
    cpu.finish();
  }
  if (const auto* node = table.find("memory")) {
    TableReader memory(table.field("memory", *node));
    read_at(memory, "request", bytes_request, container.memory_request,
            container.memory_request_at);
    read_at(memory, "limit", bytes_limit, container.memory_limit, container.memory_limit_at);
    memory.finish();
  }
  constexpr double most_value = 1e9;
  table.read(
      "value", [](const Field& f) { return positive_number(f, most_value); }, container.value);
  table.read(
      "work", [](const Field& f) { return duration(f, std::chrono::milliseconds{1}); },
      container.work);
  table.finish();
}

AllowSpec read_allow(const Field& field) {
  AllowSpec allow;
  TableReader table(field);
  const auto names = [](const Field& f) { return list<std::string>(f, account_name); };
  table.read("users", names, allow.users);
  table.read("groups", names, allow.groups);
  table.read("annotation", boolean, allow.annotation);
  constexpr std::int64_t most_priority = 1'000'000'000;
  table.read(
      "max_priority", [](const Field& f) { return integer(f, -most_priority, most_priority); },
      allow.max_priority);
  if (const auto* node = table.find("max_request")) {
    TableReader most(table.field("max_request", *node));
    most.read(
        "cpu", [](const Field& f) { return cores(f, Zero::refused); }, allow.max_request_cpu);
    most.read(
        "memory", [](const Field& f) { return bytes(f, Zero::refused); }, allow.max_request_memory);
    most.finish();
  }
  table.finish();
  return allow;
}

MatchSpec read_match(const Field& field) {
  MatchSpec match;
  TableReader table(field);
  table.read("annotation", text_map, match.annotation);
  table.read(
      "cgroup_parent", [](const Field& f) { return list<std::string>(f, cgroup_pattern); },
      match.cgroup_parent);
  table.read("env", text_map, match.env);
  if (const auto* node = table.find("env")) refuse_bad_names(table.field("env", *node));
  constexpr std::int64_t most_uid = 4'294'967'294;  // (uid_t)-1 means "none" to the kernel
  table.read(
      "uid",
      [](const Field& f) {
        return list<std::int64_t>(f, [](const Field& item) { return integer(item, 0, most_uid); });
      },
      match.uid);
  table.finish();
  if (field.node.kind == TomlKind::table && field.node.entries.empty())
    field.warning("has no rule and matches nothing");
  return match;
}

}  // namespace weir::config
