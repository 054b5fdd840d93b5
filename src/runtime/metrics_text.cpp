// SPDX-License-Identifier: Apache-2.0
// Metrics as text: OpenMetrics 1.0 and the older format of Prometheus.
#include <fmt/format.h>

#include "weir/cgroup/files.h"
#include "weir/runtime/metrics.h"

namespace weir {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string_view suffix(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "_total";
    case MetricKind::info:
      return "_info";
    case MetricKind::gauge:
      break;
  }
  return "";
}

std::string_view type_name(MetricKind kind, Exposition exposition) {
  if (kind == MetricKind::counter) return "counter";
  return kind == MetricKind::info && exposition == Exposition::openmetrics ? "info" : "gauge";
}

void add_sample(const MetricFamily& family, const MetricSample& sample, std::string& out) {
  out += family.name;
  out += suffix(family.kind);
  char separator = '{';
  for (const auto& [name, value] : sample.labels) {
    out += fmt::format("{}{}=\"{}\"", separator, name, escaped(value));
    separator = ',';
  }
  if (!sample.labels.empty()) out += '}';
  out += fmt::format(" {}\n", sample.value);
}

void add_family(const MetricFamily& family, Exposition exposition, std::string& out) {
  // The older format names the samples, OpenMetrics the family.
  const auto name = exposition == Exposition::openmetrics
                        ? family.name
                        : fmt::format("{}{}", family.name, suffix(family.kind));
  out += fmt::format("# HELP {} {}\n", name, escaped(family.help));
  out += fmt::format("# TYPE {} {}\n", name, type_name(family.kind, exposition));
  if (exposition == Exposition::openmetrics && !family.unit.empty())
    out += fmt::format("# UNIT {} {}\n", name, family.unit);
  for (const auto& sample : family.samples) add_sample(family, sample, out);
}

}  // namespace

std::string render(const std::vector<MetricFamily>& families, Exposition exposition) {
  std::string out;
  for (const auto& family : families)
    if (!family.samples.empty()) add_family(family, exposition, out);
  if (exposition == Exposition::openmetrics) out += "# EOF\n";
  return out;
}

Status write_metrics_file(const std::string& path, const std::vector<MetricFamily>& families) {
  constexpr unsigned readable_by_all = 0644;
  return replace_file(path, render(families, Exposition::prometheus), readable_by_all);
}

}  // namespace weir
