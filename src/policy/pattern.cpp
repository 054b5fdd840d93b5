// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "weir/policy/placement.h"

namespace weir {
namespace {

/// Matches one character against the [set] at the front of `pattern`; gives the length of the set,
/// 0 where it has no end.
std::size_t match_set(char c, std::string_view pattern, bool& hit) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  hit = false;
  for (const auto first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      hit = hit != negated;
      return i + 1;
    }
    const bool range = i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']';
    const char last = range ? pattern[i + 2] : pattern[i];
    hit = hit || (c >= pattern[i] && c <= last);
    if (range) i += 2;
  }
  return 0;
}

/// Length of the front of `pattern` that stands for the one character `c`; 0: it does not.
std::size_t match_one(char c, std::string_view pattern) {
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '[') {
    bool hit = false;
    if (const auto length = match_set(c, pattern, hit); length > 0) return hit ? length : 0;
  }
  if (pattern.front() == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  return pattern.front() == c ? 1 : 0;
}

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern) {
  // Only the last * needs to be tried again: what an earlier one took can stay.
  std::string_view retry_text, retry_pattern;
  bool may_retry = false;
  for (;;) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      retry_text = text;
      retry_pattern = pattern;
      may_retry = true;
      continue;
    }
    if (text.empty() && pattern.empty()) return true;
    if (!text.empty() && !pattern.empty()) {
      if (const auto length = match_one(text.front(), pattern); length > 0) {
        text.remove_prefix(1);
        pattern.remove_prefix(length);
        continue;
      }
    }
    if (!may_retry || retry_text.empty()) return false;
    retry_text.remove_prefix(1);
    text = retry_text;
    pattern = retry_pattern;
  }
}

}  // namespace weir
