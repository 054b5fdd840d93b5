// SPDX-License-Identifier: Apache-2.0
// [host], [hook] and [runtime].
#include <set>

#include "sections.h"
#include "values.h"

namespace weir::config {
namespace {

std::optional<OnError> on_error(const Field& field) {
  return one_of<OnError>(field, {{"open", OnError::open}, {"closed", OnError::closed}});
}

std::optional<std::string> slice_name(const Field& field) {
  const auto name = text(field);
  if (!name) return std::nullopt;
  auto parsed = parse_slice_name(*name);
  if (parsed) return std::move(*parsed);
  field.error(parsed.error().message, parsed.error().hint);
  return std::nullopt;
}

void read_reserve(const Field& field, HostSpec& host) {
  TableReader table(field);
  host.reserve_at = field.node.at;
  table.read(
      "cpu", [](const Field& f) { return cores(f, Zero::allowed); }, host.reserve.cpu);
  table.read(
      "memory", [](const Field& f) { return bytes(f, Zero::allowed); }, host.reserve.memory);
  table.finish();
}

void read_overcommit(const Field& field, Overcommit& overcommit) {
  TableReader table(field);
  constexpr double most = 1000;
  const auto factor = [](const Field& f) { return positive_number(f, most); };
  table.read("cpu", factor, overcommit.cpu);
  table.read("memory", factor, overcommit.memory);
  table.finish();
}

std::optional<DiskSpec> read_disk(const Field& field) {
  TableReader table(field);
  DiskSpec disk{.path = {"", field.node.at}};
  const auto rate = [](const Field& f) { return byte_rate(f, Zero::refused); };
  const auto ops = [](const Field& f) { return op_rate(f, Zero::refused); };
  const bool has_path = table.read("path", absolute_path, disk.path);
  int rates = 0;
  rates += table.read("read_bps", rate, disk.read_bps) ? 1 : 0;
  rates += table.read("write_bps", rate, disk.write_bps) ? 1 : 0;
  rates += table.read("read_iops", ops, disk.read_iops) ? 1 : 0;
  rates += table.read("write_iops", ops, disk.write_iops) ? 1 : 0;
  table.finish();
  if (field.node.kind != TomlKind::table) return std::nullopt;
  if (!has_path) field.error("path is missing", "path = \"/var/lib/containers\"");
  if (rates == 0)
    field.error("says nothing of what the disk can do",
                "give at least one of read_bps, write_bps, read_iops and write_iops");
  if (disk.path.value.empty()) return std::nullopt;
  return disk;
}

void read_disks(TableReader& table, HostSpec& host) {
  const auto* node = table.find("disk");
  if (node == nullptr) return;
  const auto field = table.field("disk", *node);
  if (node->kind == TomlKind::table)
    return field.error("expected an array of tables, found a table", "write [[host.disk]]");
  auto disks = list<DiskSpec>(field, read_disk);
  std::set<std::string> seen;
  for (auto& disk : disks.value_or(std::vector<DiskSpec>{})) {
    if (!seen.insert(disk.path.value).second)
      field.report.error(disk.path.at, field.key,
                         fmt::format("'{}' is declared twice", printable(disk.path.value)),
                         "keep one [[host.disk]] for each disk");
    host.disks.push_back(std::move(disk));
  }
}

}  // namespace

void read_host(const Field& field, HostSpec& host) {
  TableReader table(field);
  host.reserve_at = host.at;
  table.read("slice", slice_name, host.slice);
  table.read(
      "backend",
      [](const Field& f) {
        return one_of<BackendChoice>(f, {{"auto", BackendChoice::automatic},
                                         {"cgroupfs", BackendChoice::cgroupfs},
                                         {"systemd", BackendChoice::systemd}});
      },
      host.backend);
  if (const auto* node = table.find("reserve")) read_reserve(table.field("reserve", *node), host);
  if (const auto* node = table.find("overcommit"))
    read_overcommit(table.field("overcommit", *node), host.overcommit);
  table.read("default_pool", text, host.default_pool);
  read_disks(table, host);
  table.finish();
}

void read_hook(const Field& field, HookSpec& hook) {
  TableReader table(field);
  table.read("on_error", on_error, hook.on_error);
  table.read(
      "max_wait", [](const Field& f) { return duration(f, std::chrono::milliseconds{0}); },
      hook.max_wait);
  table.finish();
}

void read_runtime(const Field& field, RuntimeSpec& runtime) {
  TableReader table(field);
  // A bare name is looked up in PATH; a relative path would depend on who calls.
  const auto program = [](const Field& f) {
    auto name = text(f);
    return name && name->find('/') != std::string::npos ? absolute_path(f) : name;
  };
  table.read("path", program, runtime.path);
  table.finish();
}

}  // namespace weir::config
