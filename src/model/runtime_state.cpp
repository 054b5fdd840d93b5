// SPDX-License-Identifier: Apache-2.0
#include "weir/model/runtime_state.h"

#include <array>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "weir/base/text.h"
#include "weir/model/json_cursor.h"
#include "weir/model/oci.h"

namespace weir {
namespace {

using Path = std::span<const std::string_view>;

constexpr std::array<std::string_view, 1> crun_cgroup{"cgroup-path"};
constexpr std::array<std::string_view, 1> crun_systemd{"systemd-cgroup"};
constexpr std::array<std::string_view, 3> runc_cgroup{"config", "cgroups", "path"};
constexpr std::array<std::string_view, 3> runc_systemd{"config", "cgroups", "Systemd"};
/// The same with the place where cgroup2 is mounted.
constexpr std::array<std::string_view, 2> runc_directory{"cgroup_paths", ""};

/// Walks to the value under `path` and lets `take` read it.
template <class Take>
void walk(JsonCursor& cursor, Path path, Take& take) {
  if (!cursor.at(JsonKind::object)) return cursor.mistake("expected an object");
  JsonKeys keys(path.first(1));
  std::string key;
  cursor.enter();
  while (cursor.next_key(key)) {
    if (!keys.match(key, cursor))
      cursor.skip();
    else if (path.size() > 1)
      walk(cursor, path.subspan(1), take);
    else
      take(cursor);
  }
}

tl::unexpected<Error> unknown_form(OciRuntime runtime, std::string_view why) {
  return fail(
      Errc::conflict,
      fmt::format("the state that {} keeps is of an unknown form: {}", to_text(runtime), why),
      "known are crun 1.8 and runc 1.1");
}

template <class Take>
Status read_at(OciRuntime runtime, std::string_view text, Path path, Take take) {
  if (text.size() > longest_oci_text) return unknown_form(runtime, "it is too long");
  bool found = false;
  auto taking = [&](JsonCursor& cursor) {
    found = true;
    take(cursor);
  };
  JsonCursor cursor(text);
  walk(cursor, path, taking);
  if (!cursor.finish()) return unknown_form(runtime, cursor.error().message);
  if (!found) return unknown_form(runtime, fmt::format("no {}", fmt::join(path, ".")));
  return {};
}

Result<std::string> string_at(OciRuntime runtime, std::string_view text, Path path) {
  std::string out;
  WEIR_CHECK(read_at(runtime, text, path, [&](JsonCursor& cursor) { out = cursor.string(); }));
  return out;
}

Result<bool> flag_at(OciRuntime runtime, std::string_view text, Path path) {
  std::string_view word;
  WEIR_CHECK(read_at(runtime, text, path, [&](JsonCursor& cursor) {
    if (!cursor.at(JsonKind::boolean)) return cursor.mistake("expected true or false");
    const auto span = cursor.skip();
    word = text.substr(span.begin, span.end - span.begin);
  }));
  return word == "true";
}

}  // namespace

std::string_view to_text(OciRuntime runtime) {
  return runtime == OciRuntime::crun ? "crun" : "runc";
}

Result<RuntimeState> RuntimeState::parse(OciRuntime runtime, std::string_view text) {
  const bool crun = runtime == OciRuntime::crun;
  RuntimeState out;
  WEIR_TRY(out.cgroup, string_at(runtime, text, crun ? Path{crun_cgroup} : Path{runc_cgroup}));
  WEIR_TRY(out.systemd, flag_at(runtime, text, crun ? Path{crun_systemd} : Path{runc_systemd}));
  if (crun) return out;
  WEIR_TRY(const auto directory, string_at(runtime, text, runc_directory));
  if (!out.systemd && !directory.ends_with(out.cgroup))
    return unknown_form(runtime, "its two names of the cgroup differ");
  return out;
}

Result<std::string> with_cgroup(OciRuntime runtime, std::string_view text, std::string_view from,
                                std::string_view to) {
  WEIR_TRY(const auto state, RuntimeState::parse(runtime, text));
  if (state.cgroup != from)
    return fail(Errc::conflict, fmt::format("{} has it in '{}', not in '{}'", to_text(runtime),
                                            printable(state.cgroup, 200), from));
  if (state.systemd) return unknown_form(runtime, "systemd made its cgroup");
  if (runtime == OciRuntime::crun) return json_set(std::string{text}, crun_cgroup, json_quoted(to));
  WEIR_TRY(auto directory, string_at(runtime, text, runc_directory));
  directory.replace(directory.size() - from.size(), from.size(), to);
  WEIR_TRY(auto out, json_set(std::string{text}, runc_cgroup, json_quoted(to)));
  return json_set(std::move(out), runc_directory, json_quoted(directory));
}

}  // namespace weir
