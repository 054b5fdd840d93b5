// SPDX-License-Identifier: Apache-2.0
#include "support/kernel_parse.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <limits>

#include "weir/base/text.h"
#include "weir/base/units.h"

namespace weir::testing {
namespace {

constexpr std::uint64_t max_pages = std::numeric_limits<std::int64_t>::max() / page_size;
constexpr std::uint64_t max_quota_us = 17'592'186'044'415U;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// "0x" and a digit: 16; a leading 0: 8; else 10. Takes the prefix away.
int radix(std::string_view& text) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
      digit(text[2]) < 16) {
    text.remove_prefix(2);
    return 16;
  }
  return text.starts_with('0') ? 8 : 10;
}

struct Digits {
  std::uint64_t value = 0;
  std::size_t count = 0;
  bool overflow = false;
};

/// The digits at the front; on overflow the value wraps, as simple_strtoull() does.
Digits leading_digits(std::string_view text, int base) {
  Digits out;
  for (; out.count < text.size() && digit(text[out.count]) < base; ++out.count) {
    const auto next = static_cast<unsigned __int128>(out.value) * static_cast<unsigned>(base) +
                      static_cast<unsigned>(digit(text[out.count]));
    out.overflow = out.overflow || next > std::numeric_limits<std::uint64_t>::max();
    out.value = static_cast<std::uint64_t>(next);
  }
  return out;
}

unsigned suffix_shift(char c) {
  constexpr std::string_view suffixes = "kmgtpe";
  const auto at = suffixes.find(static_cast<char>(c | 0x20));
  return at == std::string_view::npos ? 0 : static_cast<unsigned>(at + 1) * 10;
}

}  // namespace

Taken<std::uint64_t> kstrtoull(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const int base = radix(text);
  const auto digits = leading_digits(text, base);
  if (digits.overflow) return {0, ERANGE};
  if (digits.count == 0) return {0, EINVAL};
  text.remove_prefix(digits.count);
  if (text.starts_with('\n')) text.remove_prefix(1);
  return text.empty() ? Taken<std::uint64_t>{digits.value, 0} : Taken<std::uint64_t>{0, EINVAL};
}

Taken<std::int64_t> kstrtoll(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto number = kstrtoull(text);
  if (number.error != 0) return {0, number.error};
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number.value > most + (negative ? 1 : 0)) return {0, ERANGE};
  return {static_cast<std::int64_t>(negative ? 0 - number.value : number.value), 0};
}

Taken<int> kstrtoint(std::string_view text) {
  const auto number = kstrtoll(text);
  if (number.error != 0) return {0, number.error};
  if (number.value != static_cast<int>(number.value)) return {0, ERANGE};
  return {static_cast<int>(number.value), 0};
}

Taken<std::optional<std::uint64_t>> memory_limit(std::string_view text) {
  text = trim(text);
  if (text == "max") return {};
  const int base = radix(text);
  const auto digits = leading_digits(text, base);
  text.remove_prefix(digits.count);
  auto bytes = digits.value;
  if (const auto shift = text.empty() ? 0U : suffix_shift(text.front())) {
    bytes <<= shift;
    text.remove_prefix(1);
  }
  if (!text.empty()) return {{}, EINVAL};
  const auto pages = std::min(bytes / static_cast<std::uint64_t>(page_size), max_pages);
  if (pages == max_pages) return {};
  return {pages * static_cast<std::uint64_t>(page_size), 0};
}

Taken<std::string> cpu_bandwidth(std::string_view text, std::string_view now) {
  const auto words = split_words(text);
  if (words.empty()) return {{}, EINVAL};
  std::uint64_t period = 100'000;
  if (const auto before = split_words(now); before.size() == 2)
    period = leading_digits(before[1], 10).value;
  // sscanf: a second word that is no number leaves the period as it is.
  if (words.size() > 1)
    if (const auto digits = leading_digits(words[1], 10); digits.count > 0) period = digits.value;
  if (period < 1000 || period > 1'000'000) return {{}, EINVAL};
  const auto quota = leading_digits(words[0], 10);
  if (quota.count == 0)
    return words[0] == "max" ? Taken<std::string>{fmt::format("max {}", period), 0}
                             : Taken<std::string>{{}, EINVAL};
  if (quota.value < 1000 || quota.value > max_quota_us) return {{}, EINVAL};
  return {fmt::format("{} {}", quota.value, period), 0};
}

Taken<std::string> task_limit(std::string_view text) {
  text = trim(text);
  if (text == "max") return {"max", 0};
  const auto number = kstrtoll(text);
  if (number.error != 0) return {{}, number.error};
  if (number.value < 0 || number.value > 4'194'304) return {{}, EINVAL};
  return {fmt::format("{}", number.value), 0};
}

Taken<DeviceLimits> device_limits(std::string_view keys, const DeviceLimits& now) {
  constexpr std::array<std::string_view, 4> names{"rbps", "wbps", "riops", "wiops"};
  auto out = now;
  for (const auto word : split_words(keys)) {
    const auto gap = word.find('=');
    if (gap == std::string_view::npos) return {{}, EINVAL};
    const auto digits = leading_digits(word.substr(gap + 1), 10);
    if (digits.count == 0 && word.substr(gap + 1) != "max") return {{}, EINVAL};
    const auto value = digits.count == 0 ? ~0ULL : digits.value;
    if (value == 0) return {{}, ERANGE};
    const auto name = std::ranges::find(names, word.substr(0, gap));
    if (value == 1 || name == names.end()) return {{}, EINVAL};
    const auto at = static_cast<std::size_t>(name - names.begin());
    const bool counts = at >= 2;
    out[at] = counts && value >= std::numeric_limits<std::uint32_t>::max() ? ~0ULL : value;
  }
  return {out, 0};
}

Taken<CpuSet> cpu_list(std::string_view text, int cpus) {
  text = trim(text);
  const auto list = CpuSet::parse(text);
  if (!list) return {{}, EINVAL};
  if (!list->empty() && list->cpus().back() >= cpus) return {{}, ERANGE};
  return {*list, 0};
}

}  // namespace weir::testing
