// SPDX-License-Identifier: Apache-2.0
#include "weir/model/freeze_reasons.h"

#include <array>
#include <utility>

#include "weir/base/text.h"

namespace weir {
namespace {

constexpr std::size_t longest = 256;
constexpr std::array words{
    std::pair{FreezeReason::turn, std::string_view{"turn"}},
    std::pair{FreezeReason::preemption, std::string_view{"preemption"}},
    std::pair{FreezeReason::outside, std::string_view{"outside"}},
};

}  // namespace

FreezeReasons FreezeReasons::parse(std::string_view text) {
  FreezeReasons out;
  if (text.size() > longest) return out;
  for (const auto word : split_words(text))
    for (const auto& [reason, name] : words)
      if (word == name) out.add(reason);
  return out;
}

std::string FreezeReasons::str() const {
  std::string out;
  for (const auto& [reason, name] : words) {
    if (!has(reason)) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

}  // namespace weir
