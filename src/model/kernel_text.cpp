// SPDX-License-Identifier: Apache-2.0
#include "weir/model/kernel_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "weir/base/text.h"

namespace weir {
namespace {

tl::unexpected<Error> not_understood(std::string_view text, std::string_view wanted) {
  return fail(Errc::failed, fmt::format("'{}' is not {}", printable(text, 60), wanted));
}

}  // namespace

std::string unescape_octal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digits = text.substr(i + 1, 3);
    const bool escape = text[i] == '\\' && digits.size() == 3 &&
                        std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += 3;
  }
  return out;
}

Result<FlatKeyed> parse_flat_keyed(std::string_view text) {
  FlatKeyed out;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto gap = line.find(' ');
    const auto value = gap == std::string_view::npos
                           ? std::nullopt
                           : to_number<std::uint64_t>(line.substr(gap + 1));
    if (!value) return not_understood(line, "'key number'");
    out.emplace(line.substr(0, gap), *value);
  }
  return out;
}

std::optional<std::uint64_t> flat_value(std::string_view text, std::string_view key) {
  // Called for every container at every tick: no allocation.
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return to_number<std::uint64_t>(line.substr(key.size() + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

Result<std::optional<std::int64_t>> parse_limit(std::string_view text) {
  text = trim(text);
  if (text == "max") return std::optional<std::int64_t>{};
  const auto value = to_number<std::int64_t>(text);
  if (!value || *value < 0) return not_understood(text, "a limit");
  return std::optional<std::int64_t>{*value};
}

Result<std::int64_t> parse_count(std::string_view text) {
  const auto value = to_number<std::int64_t>(trim(text));
  if (!value || *value < 0) return not_understood(text, "a number");
  return *value;
}

std::optional<Cores> CpuMax::cores() const {
  if (!quota_us) return std::nullopt;
  const auto cores =
      static_cast<__int128>(*quota_us) * micro_per_core / std::max<std::int64_t>(period_us, 1);
  // No kernel writes as much (it stops at 2^44 us), but the file need not be a kernel's.
  return Cores{static_cast<std::int64_t>(
      std::min<__int128>(cores, std::numeric_limits<std::int64_t>::max()))};
}

Result<CpuMax> parse_cpu_max(std::string_view text) {
  const auto words = split_words(text);
  if (words.empty() || words.size() > 2) return not_understood(text, "'quota period'");
  CpuMax out;
  WEIR_TRY(out.quota_us, parse_limit(words[0]));
  if (words.size() == 2) {
    const auto period = to_number<std::int64_t>(words[1]);
    if (!period || *period <= 0) return not_understood(text, "'quota period'");
    out.period_us = *period;
  }
  return out;
}

std::optional<double> parse_some_avg10(std::string_view text) {
  constexpr std::string_view start = "some avg10=";
  if (!text.starts_with(start)) return std::nullopt;
  text.remove_prefix(start.size());
  return to_number<double>(text.substr(0, text.find(' ')));
}

Result<std::vector<int>> parse_pids(std::string_view text) {
  std::vector<int> out;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto pid = to_number<int>(line);
    if (!pid || *pid < 0) return not_understood(line, "a process id");
    if (*pid > 0) out.push_back(*pid);
  }
  return out;
}

std::optional<int> parse_thread_group(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    const auto words = split_words(line);
    if (words.size() != 2 || words[0] != "Tgid:") continue;
    const auto pid = to_number<int>(words[1]);
    return pid && *pid > 0 ? std::optional{*pid} : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Bytes> meminfo_value(std::string_view text, std::string_view key) {
  for (const auto line : split(text, '\n')) {
    const auto words = split_words(line);
    if (words.size() < 2 || words[0].size() != key.size() + 1 || !words[0].starts_with(key))
      continue;
    const auto kib = to_number<std::int64_t>(words[1]);
    if (!kib || *kib < 0 || *kib > max_bytes.value / 1024) return std::nullopt;
    return Bytes{*kib * 1024};
  }
  return std::nullopt;
}

std::optional<std::string> parse_proc_cgroup(std::string_view text) {
  for (const auto line : split(text, '\n'))
    if (line.starts_with("0::")) return std::string{line.substr(3)};
  return std::nullopt;
}

namespace {

/// One line of mountinfo, as far as it matters here.
struct Mount {
  std::string_view point, root, type, options;
};

/// Six fields and any number of optional ones stand before the dash (proc(5)).
std::optional<Mount> parse_mount(std::string_view line) {
  const auto words = split_words(line);
  const auto dash = std::ranges::find(words, "-");
  if (dash - words.begin() < 6 || words.end() - dash < 4) return std::nullopt;
  return Mount{words[4], words[3], *(dash + 1), *(dash + 3)};
}

}  // namespace

std::optional<Cgroup2Mount> find_cgroup2(std::string_view mountinfo) {
  for (const auto line : split(mountinfo, '\n')) {
    const auto mount = parse_mount(line);
    if (!mount || mount->type != "cgroup2") continue;
    return Cgroup2Mount{unescape_octal(mount->point), unescape_octal(mount->root),
                        std::string{mount->options}};
  }
  return std::nullopt;
}

std::optional<std::string> find_cgroup1(std::string_view mountinfo, std::string_view controller) {
  for (const auto line : split(mountinfo, '\n')) {
    const auto mount = parse_mount(line);
    if (!mount || mount->type != "cgroup") continue;
    if (std::ranges::count(split(mount->options, ','), controller) > 0)
      return unescape_octal(mount->point);
  }
  return std::nullopt;
}

}  // namespace weir
