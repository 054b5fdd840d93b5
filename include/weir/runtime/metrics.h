// SPDX-License-Identifier: Apache-2.0
// What weir measures, as text that Prometheus reads.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/runtime/session.h"
#include "weir/runtime/status.h"

namespace weir {

enum class MetricKind {
  gauge,
  counter,  ///< its samples end in _total
  info,     ///< facts in labels, the value is 1; its samples end in _info
};

struct MetricSample {
  std::vector<std::pair<std::string, std::string>> labels;
  std::string value;
};

struct MetricFamily {
  std::string name;  ///< without _total or _info; ends in _UNIT where there is a unit
  MetricKind kind = MetricKind::gauge;
  std::string unit;  ///< "bytes", "seconds", "cores", or empty
  std::string help;
  std::vector<MetricSample> samples;
};

enum class Exposition {
  openmetrics,  ///< OpenMetrics 1.0: what `weir metrics` prints
  prometheus,   ///< the text format 0.0.4: what node-exporter's textfile collector reads
};

/// Families without samples are left out.
std::string render(const std::vector<MetricFamily>& families, Exposition exposition);

/// Of the pools and containers in `status`, read from the kernel now.
std::vector<MetricFamily> measure(CgroupIo& io, const PoolTree& tree, const HostStatus& status);

/// Writes the text format so that a reader sees the old file or the new one. The textfile collector
/// reads names that end in .prom only.
Status write_metrics_file(const std::string& path, const std::vector<MetricFamily>& families);

}  // namespace weir
