// SPDX-License-Identifier: Apache-2.0
// What a pool says about CPU, memory and disks.
#include "sections.h"
#include "values.h"

namespace weir::config {
namespace {

void read_shares(TableReader& table, std::optional<std::int64_t>& out, SourcePos& at) {
  Located<std::int64_t> value{0, table.at()};
  table.read("shares", shares, value);
  if (value.value == 0) return;
  out = value.value;
  at = value.at;
}

template <class T, class Reader>
void read_rate(TableReader& table, std::string_view key, Reader reader, IoAmounts<T>& out) {
  const auto* node = table.find(key);
  if (node == nullptr) return;
  const auto field = table.field(key, *node);
  if (node->kind != TomlKind::table)
    return field.expected("a table", "write { limit = ... } or { reservation = ... }");
  TableReader amounts(field);
  amounts.read(
      "reservation", [=](const Field& f) { return reader(f, Zero::allowed); }, out.reservation);
  amounts.read(
      "limit", [=](const Field& f) { return reader(f, Zero::refused); }, out.limit);
  amounts.finish();
  if (out.reservation && out.limit && out.reservation->value > out.limit->value)
    field.report.error(out.reservation->at, field.key + ".reservation",
                       fmt::format("{} is above the limit, {}", out.reservation->value.value,
                                   out.limit->value.value));
}

}  // namespace

void read_cpu(const Field& field, CpuSpec& cpu) {
  if (field.node.kind != TomlKind::table)
    return field.expected("a table", "write { reservation = 1, limit = 2 }");
  TableReader table(field);
  table.read(
      "reservation", [](const Field& f) { return cores_or_percent(f, Zero::allowed); },
      cpu.reservation);
  table.read(
      "limit", [](const Field& f) { return cores_or_percent(f, Zero::refused); }, cpu.limit);
  read_shares(table, cpu.shares, cpu.shares_at);
  table.finish();
}

void read_memory(const Field& field, MemorySpec& memory) {
  if (field.node.kind != TomlKind::table)
    return field.expected("a table", "write { reservation = \"1GiB\", limit = \"2GiB\" }");
  TableReader table(field);
  table.read(
      "reservation", [](const Field& f) { return bytes_or_percent(f, Zero::allowed); },
      memory.reservation);
  table.read(
      "limit", [](const Field& f) { return bytes_or_percent(f, Zero::refused); }, memory.limit);
  read_shares(table, memory.shares, memory.shares_at);
  table.read(
      "swap", [](const Field& f) { return bytes(f, Zero::allowed); }, memory.swap);
  table.read("hard", boolean, memory.hard);
  table.finish();
}

std::optional<IoSpec> read_io(const Field& field) {
  TableReader table(field);
  IoSpec io{.path = {"", field.node.at}};
  const bool has_path = table.read("path", absolute_path, io.path);
  read_shares(table, io.shares, io.shares_at);
  read_rate(table, "read_bps", byte_rate, io.read_bps);
  read_rate(table, "write_bps", byte_rate, io.write_bps);
  read_rate(table, "read_iops", op_rate, io.read_iops);
  read_rate(table, "write_iops", op_rate, io.write_iops);
  table.finish();
  if (field.node.kind != TomlKind::table) return std::nullopt;
  if (!has_path) field.error("path is missing", "path = \"/var/lib/containers\"");
  if (io.path.value.empty()) return std::nullopt;
  return io;
}

}  // namespace weir::config
