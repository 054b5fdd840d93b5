// SPDX-License-Identifier: Apache-2.0
#include "weir/config/seccomp.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "weir/base/text.h"

namespace weir {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest = std::size_t{1} << 20;
constexpr int deepest = 8;  // a list of rules with a list of arguments has five
constexpr std::size_t most_entries = 4096;
constexpr std::uint64_t eperm = 1, largest_errno = 4095;

tl::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(Errc::usage, std::move(message), std::move(hint));
}

/// Nothing where the text is no JSON, or nests too deep.
Json parse_bounded(std::string_view text) {
  bool too_deep = false;
  const auto bound = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  auto json = Json::parse(text, bound, false, false);
  return too_deep ? Json(Json::value_t::discarded) : json;
}

const Json* member(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Result<std::string> string_of(const Json& value, std::string_view what) {
  if (value.is_string() && value.get_ref<const std::string&>().size() <= 128)
    return value.get<std::string>();
  return wrong(fmt::format("{}: expected a name", what));
}

Result<std::vector<std::string>> strings_of(const Json* list, std::string_view what) {
  std::vector<std::string> out;
  if (!list) return out;
  if (!list->is_array() || list->size() > most_entries)
    return wrong(fmt::format("{}: expected a list of names", what));
  for (const auto& entry : *list) {
    WEIR_TRY(auto text, string_of(entry, what));
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::uint64_t> number_of(const Json& value, std::string_view what, std::uint64_t most) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= most)
    return value.get<std::uint64_t>();
  return wrong(fmt::format("{}: expected a number from 0 to {}", what, most));
}

template <class T, std::size_t N>
Result<T> named(const std::array<std::pair<std::string_view, T>, N>& names, const Json* value,
                std::string_view what) {
  if (!value) return wrong(fmt::format("{} is missing", what));
  WEIR_TRY(const auto text, string_of(*value, what));
  std::vector<std::string_view> known;
  for (const auto& [name, meaning] : names) {
    if (name == text) return meaning;
    known.push_back(name);
  }
  const auto near = nearest(text, known);
  return wrong(fmt::format("{}: unknown '{}'", what, printable(text, 60)),
               near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

using Kind = SeccompAction::Kind;
constexpr std::array<std::pair<std::string_view, Kind>, 8> actions{{
    {"SCMP_ACT_KILL_PROCESS", Kind::kill_process},
    {"SCMP_ACT_KILL_THREAD", Kind::kill_thread},
    {"SCMP_ACT_KILL", Kind::kill_thread},
    {"SCMP_ACT_TRAP", Kind::trap},
    {"SCMP_ACT_ERRNO", Kind::error},
    {"SCMP_ACT_TRACE", Kind::trace},
    {"SCMP_ACT_LOG", Kind::log},
    {"SCMP_ACT_ALLOW", Kind::allow},
}};

using Op = SeccompArgument::Op;
constexpr std::array<std::pair<std::string_view, Op>, 7> operators{{
    {"SCMP_CMP_NE", Op::not_equal},
    {"SCMP_CMP_LT", Op::less},
    {"SCMP_CMP_LE", Op::less_or_equal},
    {"SCMP_CMP_EQ", Op::equal},
    {"SCMP_CMP_GE", Op::greater_or_equal},
    {"SCMP_CMP_GT", Op::greater},
    {"SCMP_CMP_MASKED_EQ", Op::masked_equal},
}};

Result<SeccompAction> action_of(const Json& object, const char* key, const char* errno_key) {
  SeccompAction out;
  const auto* value = member(object, key);
  if (value && *value == "SCMP_ACT_NOTIFY")
    return wrong(fmt::format("{}: SCMP_ACT_NOTIFY needs a listener, which weir is not", key));
  WEIR_TRY(out.kind, named(actions, value, key));
  if (out.kind != Kind::error && out.kind != Kind::trace) return out;
  std::uint64_t number = eperm;
  if (const auto* given = member(object, errno_key)) {
    WEIR_TRY(number, number_of(*given, errno_key, largest_errno));
  }
  out.value = static_cast<std::uint16_t>(number);
  return out;
}

Result<std::vector<SeccompArgument>> arguments_of(const Json* list) {
  std::vector<SeccompArgument> out;
  if (!list) return out;
  constexpr std::uint64_t last_argument = 5, any = ~std::uint64_t{0};
  if (!list->is_array() || list->size() > 32) return wrong("args: expected a list of at most 32");
  for (const auto& entry : *list) {
    if (!entry.is_object()) return wrong("args: expected objects");
    SeccompArgument argument;
    const auto* index = member(entry, "index");
    WEIR_TRY(const auto number, number_of(index ? *index : Json(0U), "index", last_argument));
    argument.index = static_cast<unsigned>(number);
    if (const auto* value = member(entry, "value")) {
      WEIR_TRY(argument.value, number_of(*value, "value", any));
    }
    if (const auto* value = member(entry, "valueTwo")) {
      WEIR_TRY(argument.value_two, number_of(*value, "valueTwo", any));
    }
    WEIR_TRY(argument.op, named(operators, member(entry, "op"), "op"));
    out.push_back(argument);
  }
  return out;
}

bool kernel_is_at_least(std::string_view wanted, const SeccompContext& context) {
  const auto parts = split(wanted, '.');
  const auto major = parts.empty() ? std::nullopt : to_number<int>(parts[0]);
  const auto minor = parts.size() < 2 ? std::optional{0} : to_number<int>(parts[1]);
  if (!major || !minor) return false;
  return std::pair{context.kernel_major, context.kernel_minor} >= std::pair{*major, *minor};
}

enum class Holds { all, any };

/// docker's "includes" (all must hold) and "excludes" (any forbids).
Result<bool> conditions_hold(const Json* conditions, Holds which, const SeccompContext& context) {
  const bool neutral = which == Holds::all;
  if (!conditions) return neutral;
  if (!conditions->is_object()) return wrong("includes, excludes: expected objects");
  std::vector<bool> met;
  WEIR_TRY(const auto caps, strings_of(member(*conditions, "caps"), "caps"));
  if (!caps.empty()) met.push_back(context.privileged);
  WEIR_TRY(const auto arches, strings_of(member(*conditions, "arches"), "arches"));
  if (!arches.empty())
    met.push_back(std::ranges::find(arches, context.architecture) != arches.end());
  if (const auto* kernel = member(*conditions, "minKernel")) {
    WEIR_TRY(const auto text, string_of(*kernel, "minKernel"));
    met.push_back(kernel_is_at_least(text, context));
  }
  return neutral ? std::ranges::count(met, false) == 0 : std::ranges::count(met, true) > 0;
}

Status add_rule(const Json& entry, const SeccompContext& context, SeccompProfile& out) {
  if (!entry.is_object()) return wrong("syscalls: expected objects");
  WEIR_TRY(const bool included, conditions_hold(member(entry, "includes"), Holds::all, context));
  WEIR_TRY(const bool excluded, conditions_hold(member(entry, "excludes"), Holds::any, context));
  SeccompRule rule;
  WEIR_TRY(rule.names, strings_of(member(entry, "names"), "names"));
  if (const auto* name = member(entry, "name")) {  // the form before docker 1.12
    WEIR_TRY(auto text, string_of(*name, "name"));
    rule.names.push_back(std::move(text));
  }
  if (rule.names.empty()) return wrong("syscalls: an entry without names");
  WEIR_TRY(rule.action, action_of(entry, "action", "errnoRet"));
  WEIR_TRY(rule.arguments, arguments_of(member(entry, "args")));
  if (included && !excluded) out.rules.push_back(std::move(rule));
  return {};
}

Status take_flags(const Json* list, SeccompProfile& out) {
  WEIR_TRY(const auto flags, strings_of(list, "flags"));
  for (const auto& flag : flags) {
    if (flag == "SECCOMP_FILTER_FLAG_LOG")
      out.log = true;
    else if (flag == "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
      out.allow_speculation = true;
    else if (flag != "SECCOMP_FILTER_FLAG_TSYNC")  // there is one thread
      return wrong(fmt::format("flags: unknown '{}'", printable(flag, 60)));
  }
  return {};
}

Status take_variants(const Json* list, SeccompProfile& out) {
  if (!list) return {};
  if (!list->is_array() || list->size() > 64) return wrong("archMap: expected a list");
  for (const auto& entry : *list) {
    const auto* architecture = entry.is_object() ? member(entry, "architecture") : nullptr;
    if (!architecture) return wrong("archMap: an entry without architecture");
    SeccompProfile::Variants variants;
    WEIR_TRY(variants.architecture, string_of(*architecture, "architecture"));
    WEIR_TRY(variants.others, strings_of(member(entry, "subArchitectures"), "subArchitectures"));
    out.variants.push_back(std::move(variants));
  }
  return {};
}

}  // namespace

Result<SeccompProfile> parse_seccomp(std::string_view json, const SeccompContext& context) {
  if (json.size() > longest) return wrong("longer than 1 MiB");
  const auto document = parse_bounded(json);
  if (document.is_discarded() || !document.is_object())
    return wrong("is no JSON object, or nests too deep",
                 "a profile is what docker and podman take with --security-opt seccomp=FILE");
  SeccompProfile out;
  WEIR_TRY(out.default_action, action_of(document, "defaultAction", "defaultErrnoRet"));
  WEIR_TRY(out.architectures, strings_of(member(document, "architectures"), "architectures"));
  WEIR_CHECK(take_variants(member(document, "archMap"), out));
  WEIR_CHECK(take_flags(member(document, "flags"), out));
  if (member(document, "listenerPath")) return wrong("listenerPath: weir has no listener");
  const auto* rules = member(document, "syscalls");
  if (!rules) return out;
  if (!rules->is_array() || rules->size() > most_entries)
    return wrong("syscalls: expected a list of at most 4096");
  for (const auto& entry : *rules) WEIR_CHECK(add_rule(entry, context, out));
  return out;
}

}  // namespace weir
