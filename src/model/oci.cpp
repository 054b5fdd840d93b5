// SPDX-License-Identifier: Apache-2.0
#include "weir/model/oci.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir {
namespace {

using Annotations = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t most_annotations = 4096;
constexpr std::string_view own_prefix = "io.weir.";

/// The object that comes next, or null: `take(i)` reads the value of `names[i]`.
template <std::size_t N, class Take>
void read_object(JsonCursor& cursor, const std::array<std::string_view, N>& names, Take take) {
  if (cursor.at(JsonKind::null)) {
    cursor.skip();
    return;
  }
  if (!cursor.at(JsonKind::object)) return cursor.mistake("expected an object");
  JsonKeys keys(names);
  std::string key;
  cursor.enter();
  while (cursor.next_key(key)) {
    const auto which = keys.match(key, cursor);
    if (which && !cursor.at(JsonKind::null))
      take(*which);
    else
      cursor.skip();
  }
}

/// Not every JSON reader takes the same of two equal keys, and what asks weir must be clear.
void check_annotations(const Annotations& annotations, JsonCursor& cursor) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : annotations) {
    keys.push_back(key);
    if (same_key_ignoring_case(std::string_view{key}.substr(0, own_prefix.size()), own_prefix) &&
        !key.starts_with(own_prefix))
      cursor.mistake(
          fmt::format("annotation \"{}\" is a variant of {}*", printable(key, 60), own_prefix));
  }
  std::ranges::sort(keys);
  if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end())
    cursor.mistake(fmt::format("annotation \"{}\" stands there twice", printable(*twice, 60)));
}

void read_annotations(JsonCursor& cursor, Annotations& out) {
  if (!cursor.at(JsonKind::object)) return cursor.mistake("expected an object");
  std::string key;
  cursor.enter();
  while (cursor.next_key(key)) {
    if (out.size() == most_annotations)
      return cursor.mistake(fmt::format("more than {} annotations", most_annotations));
    auto value = cursor.string();
    out.emplace_back(std::move(key), std::move(value));
  }
  if (!cursor.failed()) check_annotations(out, cursor);
}

void read_env(JsonCursor& cursor, std::vector<std::string>& out) {
  if (!cursor.at(JsonKind::array)) return cursor.mistake("expected an array");
  cursor.enter();
  while (cursor.next_item()) out.push_back(cursor.string());
}

void read_process(JsonCursor& cursor, OciConfig& out) {
  constexpr std::array<std::string_view, 2> names{"env", "user"};
  constexpr std::array<std::string_view, 1> of_user{"uid"};
  read_object(cursor, names, [&](std::size_t which) {
    if (which == 0) return read_env(cursor, out.env);
    read_object(cursor, of_user, [&](std::size_t) { out.uid = cursor.integer(); });
  });
}

void read_resources(JsonCursor& cursor, OciConfig& out) {
  constexpr std::array<std::string_view, 2> names{"memory", "cpu"};
  constexpr std::array<std::string_view, 2> of_memory{"limit", "reservation"};
  constexpr std::array<std::string_view, 2> of_cpu{"quota", "period"};
  read_object(cursor, names, [&](std::size_t which) {
    if (which == 0)
      return read_object(cursor, of_memory, [&](std::size_t i) {
        (i == 0 ? out.memory_limit : out.memory_reservation) = cursor.integer();
      });
    read_object(cursor, of_cpu, [&](std::size_t i) {
      (i == 0 ? out.cpu_quota : out.cpu_period) = cursor.integer();
    });
  });
}

void read_linux(JsonCursor& cursor, OciConfig& out) {
  constexpr std::array<std::string_view, 2> names{"cgroupsPath", "resources"};
  read_object(cursor, names, [&](std::size_t which) {
    if (which == 1) return read_resources(cursor, out);
    const auto begin = cursor.position();
    out.cgroups_path = cursor.string();
    out.cgroups_path_at = JsonSpan{begin, cursor.behind()};
  });
}

Status check_size(std::string_view text) {
  if (text.size() <= longest_oci_text) return {};
  return fail(Errc::usage, fmt::format("JSON: longer than {}", to_text(Bytes{longest_oci_text})));
}

}  // namespace

const std::string* OciConfig::annotation(std::string_view name) const {
  for (const auto& [key, value] : annotations)
    if (key == name) return &value;
  return nullptr;
}

std::optional<Cores> OciConfig::cores() const {
  constexpr std::int64_t usual_period = 100'000, most = std::int64_t{1} << 40;
  if (!cpu_quota || *cpu_quota <= 0 || *cpu_quota > most) return std::nullopt;
  const auto period = cpu_period && *cpu_period > 0 ? *cpu_period : usual_period;
  return std::min(Cores{*cpu_quota * micro_per_core / period}, max_cores);
}

std::optional<Bytes> OciConfig::memory() const {
  if (!memory_limit || *memory_limit <= 0 || *memory_limit > max_bytes.value) return std::nullopt;
  return Bytes{*memory_limit};
}

Result<OciConfig> OciConfig::parse(std::string_view text) {
  WEIR_CHECK(check_size(text));
  constexpr std::array<std::string_view, 3> names{"annotations", "process", "linux"};
  OciConfig out;
  JsonCursor cursor(text);
  if (!cursor.at(JsonKind::object)) cursor.mistake("expected an object");
  read_object(cursor, names, [&](std::size_t which) {
    if (which == 0) return read_annotations(cursor, out.annotations);
    if (which == 1) return read_process(cursor, out);
    read_linux(cursor, out);
  });
  if (!cursor.finish()) return tl::unexpected(cursor.error().with("config.json"));
  if (out.cgroups_path && out.cgroups_path->empty()) out.cgroups_path.reset();
  return out;
}

Result<std::string> rewrite(std::string text, const OciConfig& config,
                            std::string_view cgroups_path, const OciLimits& limits) {
  using Path = std::array<std::string_view, 4>;
  constexpr std::array<std::string_view, 2> where{"linux", "cgroupsPath"};
  constexpr Path memory{"linux", "resources", "memory", "limit"};
  constexpr Path quota{"linux", "resources", "cpu", "quota"};
  constexpr Path period{"linux", "resources", "cpu", "period"};
  constexpr std::int64_t period_us = 100'000;
  if (const auto& at = config.cgroups_path_at) {
    splice(text, *at, json_quoted(cgroups_path));
  } else {
    WEIR_TRY(text, json_set(std::move(text), where, json_quoted(cgroups_path)));
  }
  if (limits.memory) {
    WEIR_TRY(text, json_set(std::move(text), memory, fmt::format("{}", limits.memory->value)));
  }
  if (limits.cpu) {
    const auto share = std::max<std::int64_t>(limits.cpu->value * period_us / micro_per_core, 1000);
    WEIR_TRY(text, json_set(std::move(text), quota, fmt::format("{}", share)));
    WEIR_TRY(text, json_set(std::move(text), period, fmt::format("{}", period_us)));
  }
  return text;
}

Result<OciState> OciState::parse(std::string_view text) {
  WEIR_CHECK(check_size(text));
  constexpr std::array<std::string_view, 5> names{"id", "status", "bundle", "pid", "annotations"};
  OciState out;
  JsonCursor cursor(text);
  if (!cursor.at(JsonKind::object)) cursor.mistake("expected an object");
  read_object(cursor, names, [&](std::size_t which) {
    if (which == 3)
      out.pid = cursor.integer();
    else if (which == 4)
      read_annotations(cursor, out.annotations);
    else
      (which == 0 ? out.id : which == 1 ? out.status : out.bundle) = cursor.string();
  });
  if (!cursor.finish()) return tl::unexpected(cursor.error().with("container state"));
  return out;
}

}  // namespace weir
