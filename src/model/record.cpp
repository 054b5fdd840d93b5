// SPDX-License-Identifier: Apache-2.0
#include "weir/model/record.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "record_text.h"

namespace weir {
namespace {

using record_text::each_line;
using record_text::version_line;

bool take_amount(std::string_view text, std::int64_t max, std::optional<std::int64_t>& out) {
  out = to_number<std::int64_t>(text);
  return out && *out >= 0 && *out <= max;
}

template <class T>
bool take_quantity(std::string_view text, T max, std::optional<T>& out) {
  std::optional<std::int64_t> number;
  if (!take_amount(text, max.value, number)) return false;
  out = T{*number};
  return true;
}

bool take_value(std::string_view text, std::optional<double>& out) {
  out = to_number<double>(text);
  return out && std::isfinite(*out) && *out >= 0;
}

bool take_work(std::string_view text, std::optional<std::chrono::milliseconds>& out) {
  std::optional<std::int64_t> number;
  if (!take_amount(text, std::int64_t{1} << 50, number)) return false;
  out = std::chrono::milliseconds{*number};
  return true;
}

template <class T>
bool take_plain(std::string_view text, T& out) {
  const auto number = to_number<T>(text);
  if (number) out = *number;
  return number.has_value();
}

/// "BYTES POOL".
bool take_left_behind(std::string_view text, std::vector<LeftBehind>& out) {
  const auto gap = std::min(text.find(' '), text.size());
  std::optional<Bytes> bytes;
  auto pool = PoolName::parse(text.substr(std::min(gap + 1, text.size())));
  if (!take_quantity(text.substr(0, gap), max_bytes, bytes) || !pool) return false;
  if (out.size() >= most_left_behind) return false;
  out.push_back({*bytes, std::move(*pool)});
  return true;
}

bool take_runtime(ContainerRecord& record, std::string_view key, std::string_view text) {
  const bool id = key == "runtime_id";
  (id ? record.runtime.id : record.runtime.bundle) = text;
  return id ? text.empty() || ContainerName::parse_existing(text).has_value()
            : text.empty() || (text.front() == '/' && printable(text, text.size()) == text);
}

bool take_field(ContainerRecord& record, std::string_view key, std::string_view text) {
  if (key == "cpu_request") return take_quantity(text, max_cores, record.cpu_request);
  if (key == "cpu_limit") return take_quantity(text, max_cores, record.cpu_limit);
  if (key == "memory_request") return take_quantity(text, max_bytes, record.memory_request);
  if (key == "memory_limit") return take_quantity(text, max_bytes, record.memory_limit);
  if (key == "swap_limit") return take_quantity(text, max_bytes, record.swap_limit);
  if (key == "priority") return take_plain(text, record.priority);
  if (key == "value") return take_value(text, record.value);
  if (key == "work") return take_work(text, record.work);
  if (key == "since_us") return take_plain(text, record.since_us);
  if (key == "owner_uid") return take_plain(text, record.owner_uid);
  if (key == "arriving") return (record.arriving = true);
  if (key == "remains") return (record.remains = true);
  if (key == "covered") return take_plain(text, record.covered.value) && record.covered >= Bytes{};
  if (key == "left_behind") return take_left_behind(text, record.left_behind);
  if (key == "lent") return (record.lent = true);
  if (key == "runtime_id" || key == "bundle") return take_runtime(record, key, text);
  if (key == "oom") {
    record.oom = text == "process" ? OomScope::process : OomScope::group;
    return text == "process" || text == "group";
  }
  return true;  // a later version's key
}

}  // namespace

Result<PoolRecord> PoolRecord::parse(std::string_view text) {
  std::string name;
  std::vector<std::string> enabled;
  auto backend = Backend::cgroupfs;
  WEIR_CHECK(each_line(text, [&](std::string_view key, std::string_view value) {
    if (key == "pool") name = value;
    if (key == "enabled" && controller_named(value)) enabled.emplace_back(value);
    if (key == "backend" && value == to_text(Backend::systemd)) backend = Backend::systemd;
    return true;
  }));
  WEIR_TRY(auto parsed, PoolName::parse(name));
  return PoolRecord{std::move(parsed), std::move(enabled), backend};
}

std::string PoolRecord::str() const {
  auto out = std::string{version_line}.append("\npool ").append(name.str()).append(1, '\n');
  for (const auto& controller : enabled) out += fmt::format("enabled {}\n", controller);
  if (backend != Backend::cgroupfs) out += fmt::format("backend {}\n", to_text(backend));
  return out;
}

bool ContainerRecord::is_settling(std::int64_t now_us) const {
  constexpr std::int64_t minute_us = 60'000'000;
  return runtime.known() && now_us - since_us < minute_us;
}

Cores ContainerRecord::cpu_reserved() const {
  if (lent) return {};
  return cpu_request ? *cpu_request : cpu_limit.value_or(Cores{});
}

Bytes ContainerRecord::memory_reserved() const {
  if (lent) return {};
  return memory_request ? *memory_request : memory_limit.value_or(Bytes{});
}

Bytes ContainerRecord::total_left_behind() const {
  Bytes sum;
  for (const auto& part : left_behind)
    sum.value = std::min(max_bytes.value, sum.value + part.bytes.value);
  return sum;
}

std::optional<Bytes> ContainerRecord::memory_allowed() const {
  if (!memory_limit) return std::nullopt;
  const auto elsewhere = total_left_behind();
  return elsewhere < *memory_limit ? *memory_limit - elsewhere : Bytes{};
}

ContainerRecord ContainerRecord::leaving(Bytes left) const {
  ContainerRecord out{.name = name};
  out.memory_request = left;
  out.since_us = since_us;
  out.owner_uid = owner_uid;
  out.remains = true;
  const auto elsewhere = total_left_behind();
  if (elsewhere < memory_reserved()) out.covered = std::min(left, memory_reserved() - elsewhere);
  return out;
}

Result<ContainerRecord> ContainerRecord::parse(std::string_view text) {
  std::string name;
  WEIR_CHECK(each_line(text, [&](std::string_view key, std::string_view given) {
    if (key == "name") name = given;
    return true;
  }));
  WEIR_TRY(auto parsed, ContainerName::parse_existing(name));
  ContainerRecord record{.name = std::move(parsed)};
  WEIR_CHECK(each_line(text, [&](std::string_view key, std::string_view given) {
    return take_field(record, key, given);
  }));
  return record;
}

std::string ContainerRecord::str() const {
  auto out = fmt::format("{}\nname {}\n", version_line, name.str());
  const auto add = [&](std::string_view key, const auto& number) {
    if (number) out += fmt::format("{} {}\n", key, number->value);
  };
  add("cpu_request", cpu_request);
  add("cpu_limit", cpu_limit);
  add("memory_request", memory_request);
  add("memory_limit", memory_limit);
  add("swap_limit", swap_limit);
  if (value) out += fmt::format("value {}\n", *value);
  if (arriving) out += "arriving 1\n";
  if (remains) out += "remains 1\n";
  if (covered > Bytes{}) out += fmt::format("covered {}\n", covered.value);
  for (const auto& part : left_behind)
    out += fmt::format("left_behind {} {}\n", part.bytes.value, part.pool.str());
  if (lent) out += "lent 1\n";
  if (!runtime.id.empty()) out += fmt::format("runtime_id {}\n", runtime.id);
  if (!runtime.bundle.empty()) out += fmt::format("bundle {}\n", runtime.bundle);
  if (work) out += fmt::format("work {}\n", work->count());
  return out + fmt::format("priority {}\noom {}\nsince_us {}\nowner_uid {}\n", priority,
                           to_text(oom), since_us, owner_uid);
}

}  // namespace weir
