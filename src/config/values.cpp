// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include <algorithm>
#include <cmath>

namespace weir::config {
namespace {

constexpr std::size_t longest_text = 4095;
constexpr std::string_view size_hint = "write sizes as \"512MiB\", \"4GiB\" or a number of bytes";

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_percent(const Field& field) {
  return field.node.kind == TomlKind::string && field.node.string.ends_with('%');
}

/// A parser of base/units.h, its error put to the field.
template <class T>
std::optional<T> checked(const Field& field, Result<T> parsed) {
  if (parsed) return std::move(*parsed);
  field.error(parsed.error().message, parsed.error().hint);
  return std::nullopt;
}

std::optional<Percent> percent(const Field& field) {
  return checked(field, parse_percent(field.node.string));
}

bool refuse_percent(const Field& field) {
  if (!is_percent(field)) return false;
  field.error("a percentage has no meaning here", "write an absolute amount");
  return true;
}

std::optional<std::int64_t> amount_of_bytes(const Field& field, Zero zero, std::string_view what) {
  if (refuse_percent(field)) return std::nullopt;
  std::optional<Bytes> out;
  if (field.node.kind == TomlKind::string) {
    out = checked(field, parse_bytes(field.node.string));
  } else if (field.node.kind != TomlKind::integer) {
    field.expected(what, std::string{size_hint});
  } else if (field.node.integer < 0 || field.node.integer > max_bytes.value) {
    field.error(fmt::format("{} is outside 0..2^60 bytes", field.node.integer));
  } else {
    out = Bytes{field.node.integer};
  }
  if (!out) return std::nullopt;
  if (out->value == 0 && zero == Zero::refused) {
    field.error("must be more than 0", "leave the key away for no limit");
    return std::nullopt;
  }
  return out->value;
}

}  // namespace

std::optional<bool> boolean(const Field& field) {
  if (field.node.kind == TomlKind::boolean) return field.node.boolean;
  field.expected("true or false");
  return std::nullopt;
}

std::optional<std::string> text(const Field& field) {
  const auto& value = field.node.string;
  if (field.node.kind != TomlKind::string) {
    field.expected("a string", "write it in quotes");
  } else if (value.empty()) {
    field.error("must not be empty");
  } else if (value.size() > longest_text) {
    field.error("is longer than 4095 bytes");
  } else if (has_control(value)) {
    field.error("contains a control character");
  } else {
    return value;
  }
  return std::nullopt;
}

std::optional<std::string> absolute_path(const Field& field) {
  auto path = text(field);
  if (!path) return std::nullopt;
  const auto parts = split(*path, '/');
  if (path->front() != '/') {
    field.error(fmt::format("'{}' is not an absolute path", printable(*path)));
    return std::nullopt;
  }
  if (std::ranges::find(parts, "..") != parts.end()) {
    field.error(fmt::format("'{}' contains '..'", printable(*path)));
    return std::nullopt;
  }
  return path;
}

std::optional<std::int64_t> integer(const Field& field, std::int64_t least, std::int64_t most) {
  if (field.node.kind != TomlKind::integer) {
    field.expected("an integer");
    return std::nullopt;
  }
  if (field.node.integer >= least && field.node.integer <= most) return field.node.integer;
  field.error(fmt::format("{} is outside {}..{}", field.node.integer, least, most));
  return std::nullopt;
}

std::optional<double> positive_number(const Field& field, double most) {
  double value = field.node.real;
  if (field.node.kind == TomlKind::integer) {
    value = static_cast<double>(field.node.integer);
  } else if (field.node.kind != TomlKind::real) {
    field.expected("a number");
    return std::nullopt;
  }
  if (std::isfinite(value) && value > 0 && value <= most) return value;
  field.error(fmt::format("{} is not a number above 0 and up to {}", value, most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> duration(const Field& field,
                                                  std::chrono::milliseconds least) {
  constexpr std::chrono::hours most{24};
  if (field.node.kind != TomlKind::string) {
    field.expected("a duration", "write durations as \"200ms\", \"10s\", \"5m\" or \"2h\"");
    return std::nullopt;
  }
  const auto value = checked(field, parse_duration(field.node.string));
  if (!value) return std::nullopt;
  if (*value >= least && *value <= most) return value;
  field.error(fmt::format("{} is outside {}..24h", to_text(*value), to_text(least)));
  return std::nullopt;
}

std::optional<CpuSet> cpu_set(const Field& field) {
  if (field.node.kind != TomlKind::string) {
    field.expected("a list of CPUs", "write CPUs as \"0-3,8\"");
    return std::nullopt;
  }
  auto set = checked(field, CpuSet::parse(field.node.string));
  if (!set || !set->empty()) return set;
  field.error("names no CPU", "write CPUs as \"0-3,8\", or leave the key away for all");
  return std::nullopt;
}

std::optional<std::int64_t> shares(const Field& field) { return integer(field, 1, max_shares); }

std::optional<Cores> cores(const Field& field, Zero zero) {
  if (refuse_percent(field)) return std::nullopt;
  const auto& node = field.node;
  const bool nothing = (node.kind == TomlKind::integer && node.integer == 0) ||
                       (node.kind == TomlKind::real && node.real == 0);
  if (nothing && zero == Zero::allowed) return Cores{};
  if (node.kind == TomlKind::integer)
    return checked(field, cores_from_double(static_cast<double>(node.integer)));
  if (node.kind == TomlKind::real) return checked(field, cores_from_double(node.real));
  if (node.kind == TomlKind::string)
    return checked(
        field, zero == Zero::allowed ? parse_cores_or_zero(node.string) : parse_cores(node.string));
  field.expected("a number of CPU cores", "write cores as 1.5 or \"1500m\"");
  return std::nullopt;
}

std::optional<Bytes> bytes(const Field& field, Zero zero) {
  const auto value = amount_of_bytes(field, zero, "a size");
  return value ? std::optional{Bytes{*value}} : std::nullopt;
}

std::optional<BytesPerSecond> byte_rate(const Field& field, Zero zero) {
  const auto value = amount_of_bytes(field, zero, "bytes a second");
  return value ? std::optional{BytesPerSecond{*value}} : std::nullopt;
}

std::optional<OpsPerSecond> op_rate(const Field& field, Zero zero) {
  if (refuse_percent(field)) return std::nullopt;
  constexpr std::int64_t most = 1'000'000'000;
  const auto value = integer(field, zero == Zero::allowed ? 0 : 1, most);
  return value ? std::optional{OpsPerSecond{*value}} : std::nullopt;
}

std::optional<Amount<Cores>> cores_or_percent(const Field& field, Zero zero) {
  if (is_percent(field)) return percent(field);
  return cores(field, zero);
}

std::optional<Amount<Bytes>> bytes_or_percent(const Field& field, Zero zero) {
  if (is_percent(field)) return percent(field);
  return bytes(field, zero);
}

std::optional<Amount<Tasks>> tasks_or_percent(const Field& field) {
  if (is_percent(field)) return percent(field);
  constexpr std::int64_t most = 4'194'304;  // PID_MAX_LIMIT
  const auto value = integer(field, 1, most);
  if (!value) return std::nullopt;
  return Tasks{*value};
}

std::optional<std::map<std::string, std::string>> text_map(const Field& field) {
  if (field.node.kind != TomlKind::table) {
    field.expected("a table of strings", "write { NAME = \"value\" }");
    return std::nullopt;
  }
  std::map<std::string, std::string> out;
  for (const auto& [key, at, node] : field.node.entries) {
    const Field value{field.report, fmt::format("{}.{}", field.key, key), node};
    if (key.empty() || has_control(key)) {
      field.report.error(at, field.key, "has a name that is empty or contains a control character");
    } else if (node.kind != TomlKind::string) {
      value.expected("a string", "write it in quotes");
    } else if (has_control(node.string) || node.string.size() > longest_text) {
      value.error("contains a control character, or is longer than 4095 bytes");
    } else {
      out.emplace(key, node.string);
    }
  }
  return out;
}

}  // namespace weir::config
