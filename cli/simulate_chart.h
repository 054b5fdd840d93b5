// SPDX-License-Identifier: Apache-2.0
// Charts as HTML: the curves are an SVG that is stretched to the width there is, the words beside
// them are not stretched with it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::cli {

struct Tick {
  double at = 0;  ///< part of the axis, 0 to 1
  std::string label;
};

struct ChartCurve {
  std::string style;                              ///< classes
  std::string name;                               ///< shown when pointed at
  std::vector<std::pair<double, double>> points;  ///< parts of the axes, 0 to 1
  bool filled = false;                            ///< down to the x axis
};

struct Chart {
  std::string label;  ///< for who cannot see it
  std::string x_title;
  std::vector<Tick> x, y;
  std::vector<ChartCurve> curves;
};

std::string render(const Chart& chart);

/// Up to five ticks at round numbers from 0 to `most`.
std::vector<Tick> round_ticks(double most, std::string_view unit = {});

/// Text for HTML, safe whatever it holds.
std::string escaped(std::string_view text);

}  // namespace weir::cli
