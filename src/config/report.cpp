// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "weir/base/text.h"

namespace weir::config {
namespace {

/// Nobody reads more, and a hostile file must not make the report larger than itself.
constexpr std::size_t most = 1000;
constexpr std::size_t longest_key = 300;

Diagnostic make(SourcePos at, std::string_view key, std::string_view why, std::string hint) {
  auto shown = printable(key, longest_key);
  auto message = key.empty() ? std::string{why} : fmt::format("{}: {}", shown, why);
  return {at, std::move(shown), std::move(message), std::move(hint), false};
}

}  // namespace

void Report::error(SourcePos at, std::string_view key, std::string_view why, std::string hint) {
  ++errors_;
  add(make(at, key, why, std::move(hint)));
}

void Report::warning(SourcePos at, std::string_view key, std::string_view why, std::string hint) {
  auto diagnostic = make(at, key, why, std::move(hint));
  diagnostic.warning = true;
  add(std::move(diagnostic));
}

void Report::add(Diagnostic diagnostic) {
  if (all_.size() < most) all_.push_back(std::move(diagnostic));
  if (all_.size() == most) {
    const auto at = all_.back().at;
    all_.push_back({at, "", "too many mistakes: the rest is not shown", "", false});
  }
}

std::vector<Diagnostic> Report::take() {
  std::ranges::stable_sort(all_, {}, &Diagnostic::at);
  return std::exchange(all_, {});
}

bool only_warnings(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::all_of(diagnostics, &Diagnostic::warning);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  std::string lower{word.substr(0, 65)};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto near = nearest(lower, known);
  return near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near);
}

}  // namespace weir::config
