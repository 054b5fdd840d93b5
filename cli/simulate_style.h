// SPDX-License-Identifier: Apache-2.0
// The style sheet of the page of `weir simulate`. Policies differ by colour and by dashes, so that
// a black-and-white print tells them apart; colours after Okabe and Ito.
#pragma once

#include <string_view>

namespace weir::cli {

inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2127; --faint: #5c6670; --line: #dde2e7;
  --p0: #0072b2; --p1: #d55e00; --p2: #009e73; --p3: #b0508a; --p4: #b8860b; --p5: #3f9fd8;
  --p6: #6a5acd; --p7: #8b4513; --p8: #2f4f4f; --p9: #c71585; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6e9ec; --faint: #9aa5b1;
  --line: #323a43; --p0: #4ba6de; --p1: #ff8c42; --p2: #2fc79a; --p3: #e08cc0; --p4: #e6b422;
  --p5: #8ecdf5; --p6: #a99cff; --p7: #d2976b; --p8: #9fc3c3; --p9: #ff7ac6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; color: var(--faint); }
figure { margin: 0; min-width: 0; }
figcaption { margin-bottom: .5rem; color: var(--faint); } figcaption b { color: var(--ink); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 .75rem;
  padding: 0; }
.legend svg { width: 28px; height: 8px; margin-right: .5rem; vertical-align: middle; }
.many { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
  gap: 1.5rem 1rem; }
.chart { position: relative; height: 9rem; margin: .5rem .75rem 3rem 3rem; }
.large { padding-bottom: 1px; }
.large .chart { height: clamp(15rem, 50vw, 26rem); }
.chart svg { position: absolute; width: 100%; height: 100%; overflow: visible; }
.chart span { position: absolute; font-size: .75rem; line-height: 1; color: var(--faint);
  white-space: nowrap; font-variant-numeric: tabular-nums; }
.chart .x { top: 100%; padding-top: .35rem; transform: translateX(-50%); }
.chart .y { right: 100%; padding-right: .4rem; transform: translateY(50%); }
.chart .title { top: 100%; right: 0; padding-top: 1.5rem; }
svg path { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
svg .grid { stroke: var(--line); stroke-width: 1; }
.p0 { stroke: var(--p0); } .p1 { stroke: var(--p1); stroke-dasharray: 8 3; }
.p2 { stroke: var(--p2); stroke-dasharray: 2 3; } .p3 { stroke: var(--p3); stroke-dasharray: 8 3 2 3; }
.p4 { stroke: var(--p4); stroke-dasharray: 14 4; } .p5 { stroke: var(--p5); stroke-dasharray: 5 5; }
.p6 { stroke: var(--p6); stroke-dasharray: 12 3 2 3 2 3; } .p7 { stroke: var(--p7); }
.p8 { stroke: var(--p8); stroke-dasharray: 1 4; } .p9 { stroke: var(--p9); stroke-dasharray: 3 2; }
svg .usage { stroke-width: 1.25; stroke-dasharray: none; fill-opacity: .3; }
.usage.p0 { fill: var(--p0); } .usage.p1 { fill: var(--p1); } .usage.p2 { fill: var(--p2); }
.usage.p3 { fill: var(--p3); } .usage.p4 { fill: var(--p4); } .usage.p5 { fill: var(--p5); }
.usage.p6 { fill: var(--p6); } .usage.p7 { fill: var(--p7); } .usage.p8 { fill: var(--p8); }
.usage.p9 { fill: var(--p9); }
svg .entitlement { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 6 4; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
thead th { color: var(--faint); font-weight: 600; }
tbody th, td:nth-child(2), thead tr:first-child th:nth-child(-n+2) { text-align: left; }
tbody th { position: sticky; left: 0; background: var(--paper); }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --faint: #444; --line: #ccc; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  figure, .large { break-inside: avoid; } h2, p, .legend { break-after: avoid; }
  .many { grid-template-columns: repeat(2, 1fr); }
  .large .chart { height: 8cm; } .wide { overflow: visible; } table { font-size: 7pt; }
  th, td { padding: .15rem .3rem; }
  svg path { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace weir::cli
