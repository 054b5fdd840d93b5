// SPDX-License-Identifier: Apache-2.0
#include "weir/model/pool_dynamics.h"

#include <fmt/format.h>

#include "weir/base/text.h"

#include "record_text.h"

namespace weir {
namespace {

template <class T>
bool take(std::string_view text, std::int64_t most, std::optional<T>& out) {
  const auto number = to_number<std::int64_t>(text);
  if (!number || *number < 0 || *number > most) return false;
  out = T{*number};
  return true;
}

bool take_device(std::string_view text, PoolDynamics& out) {
  const auto parsed = parse_io_max(text);
  if (!parsed || parsed->size() != 1) return false;
  if (!out.io) out.io.emplace();
  return out.io->emplace(*parsed->begin()).second;
}

bool take_field(PoolDynamics& out, std::string_view key, std::string_view text) {
  if (key == "until_us") {
    const auto number = to_number<std::int64_t>(text);
    out.until_us = number.value_or(0);
    return number.has_value();
  }
  if (key == "cpu_demand") return take(text, max_cores.value, out.cpu_demand);
  if (key == "memory_demand") return take(text, max_bytes.value, out.memory_demand);
  if (key == "memory_high") return take(text, max_bytes.value, out.memory_high);
  if (key == "io_max") return take_device(text, out);
  if (key == "io") {
    if (!out.io) out.io.emplace();
    return text == "decided";
  }
  return true;  // a later version's key
}

}  // namespace

Result<PoolDynamics> PoolDynamics::parse(std::string_view text) {
  PoolDynamics out;
  WEIR_CHECK(record_text::each_line(text, [&](std::string_view key, std::string_view value) {
    return take_field(out, key, value);
  }));
  return out;
}

std::string PoolDynamics::str() const {
  auto out = fmt::format("{}\nuntil_us {}\n", record_text::version_line, until_us);
  const auto add = [&](std::string_view key, const auto& value) {
    if (value) out += fmt::format("{} {}\n", key, value->value);
  };
  add("cpu_demand", cpu_demand);
  add("memory_demand", memory_demand);
  add("memory_high", memory_high);
  if (!io) return out;
  out += "io decided\n";
  for (const auto& [device, limits] : *io)
    out += fmt::format("io_max {}\n", io_max_line(device, limits));
  return out;
}

}  // namespace weir
