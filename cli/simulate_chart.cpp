// SPDX-License-Identifier: Apache-2.0
#include "simulate_chart.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "weir/base/text.h"

namespace weir::cli {
namespace {

constexpr double side = 1000;  // of the SVG's own square

std::string path_of(const ChartCurve& curve) {
  std::string out;
  for (const auto& [x, y] : curve.points)
    fmt::format_to(std::back_inserter(out), "{}{:.4g} {:.4g}", out.empty() ? "M" : "L", x * side,
                   (1 - std::clamp(y, 0.0, 1.0)) * side);
  if (curve.filled && !curve.points.empty())
    fmt::format_to(std::back_inserter(out), "L{:.4g} {:.4g}L{:.4g} {:.4g}Z",
                   curve.points.back().first * side, side, curve.points.front().first * side, side);
  return out;
}

std::string grid(const Chart& chart) {
  std::string out = "<path class=\"grid\" d=\"";
  for (const auto& tick : chart.x)
    fmt::format_to(std::back_inserter(out), "M{:.4g} 0V{:.4g}", tick.at * side, side);
  for (const auto& tick : chart.y)
    fmt::format_to(std::back_inserter(out), "M0 {:.4g}H{:.4g}", (1 - tick.at) * side, side);
  return out + "\"/>";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 200)) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::vector<Tick> round_ticks(double most, std::string_view unit) {
  if (!(most > 0)) return {{0, "0"}};
  const double rough = most / 4, power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough / power <= 1   ? 1
                               : rough / power <= 2 ? 2
                               : rough / power <= 5 ? 5
                                                    : 10);
  std::vector<Tick> out;
  for (int i = 0; i * step <= most * (1 + 1e-9); ++i) {
    auto label = fmt::format("{:.6g}", i * step);
    if (i > 0 || unit == "%") label += unit;
    out.push_back({i * step / most, std::move(label)});
  }
  return out;
}

std::string render(const Chart& chart) {
  auto out = fmt::format(
      "<div class=\"chart\"><svg viewBox=\"0 0 {0} {0}\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{1}\">{2}",
      side, escaped(chart.label), grid(chart));
  for (const auto& curve : chart.curves)
    out += fmt::format("<path class=\"{}\" d=\"{}\"><title>{}</title></path>", curve.style,
                       path_of(curve), escaped(curve.name));
  out += "</svg>";
  for (const auto& tick : chart.x)
    out += fmt::format("<span class=\"x\" style=\"left:{:.2f}%\">{}</span>", tick.at * 100,
                       escaped(tick.label));
  for (const auto& tick : chart.y)
    out += fmt::format("<span class=\"y\" style=\"bottom:{:.2f}%\">{}</span>", tick.at * 100,
                       escaped(tick.label));
  return out + fmt::format("<span class=\"title\">{}</span></div>\n", escaped(chart.x_title));
}

}  // namespace weir::cli
