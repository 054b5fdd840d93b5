// SPDX-License-Identifier: Apache-2.0
#include "weir/model/block.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 4> kernel_keys{"rbps", "wbps", "riops", "wiops"};

/// The kernel keeps operations in 32 bits; from the largest number on they are no limit.
constexpr std::int64_t no_iops_limit = std::numeric_limits<std::uint32_t>::max();

/// No disk gets there.
constexpr std::int64_t no_bps_limit = std::numeric_limits<std::int64_t>::max();

bool is_iops(std::size_t rate) { return rate >= static_cast<std::size_t>(IoRate::read_iops); }

tl::unexpected<Error> not_io_max(std::string_view line) {
  return fail(Errc::failed, fmt::format("'{}' is not a line of io.max", printable(line, 80)));
}

/// "rbps=1048576"; a number that the writer would write as "max" counts as no limit here as well.
Status take_rate(std::string_view word, IoRates& out) {
  const auto equals = word.find('=');
  const auto key = std::ranges::find(kernel_keys, word.substr(0, equals));
  if (equals == std::string_view::npos || key == kernel_keys.end()) return not_io_max(word);
  const auto value = word.substr(equals + 1);
  const auto index = static_cast<std::size_t>(key - kernel_keys.begin());
  auto& rate = out.rate[index];
  rate.reset();
  if (value == file::no_limit) return {};
  const auto number = to_number<std::uint64_t>(value);
  if (!number) return not_io_max(word);
  const auto none = is_iops(index) ? no_iops_limit : no_bps_limit;
  if (*number < static_cast<std::uint64_t>(none)) rate = static_cast<std::int64_t>(*number);
  return {};
}

}  // namespace

std::optional<DeviceNumber> DeviceNumber::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = to_number<std::uint32_t>(text.substr(0, colon));
  const auto minor = to_number<std::uint32_t>(text.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return DeviceNumber{*major, *minor};
}

std::string DeviceNumber::str() const { return fmt::format("{}:{}", major, minor); }

std::string_view to_text(IoRate rate) {
  constexpr std::array<std::string_view, 4> names{"read_bps", "write_bps", "read_iops",
                                                  "write_iops"};
  return names[static_cast<std::size_t>(rate)];
}

bool IoRates::any() const {
  return std::ranges::any_of(rate, [](const auto& r) { return r.has_value(); });
}

std::string io_max_line(DeviceNumber device, const IoRates& limits) {
  auto out = device.str();
  for (std::size_t r = 0; r < kernel_keys.size(); ++r) {
    const auto limit = limits.rate[r];
    const bool none = !limit || (is_iops(r) && *limit >= no_iops_limit);
    out += none ? fmt::format(" {}=max", kernel_keys[r])
                : fmt::format(" {}={}", kernel_keys[r], std::max(*limit, least_io_limit));
  }
  return out;
}

std::string io_max_text(const IoMax& limits) {
  std::string out;
  for (const auto& [device, rates] : limits) {
    if (!rates.any()) continue;
    if (!out.empty()) out += '\n';
    out += io_max_line(device, rates);
  }
  return out;
}

Result<IoMax> parse_io_max(std::string_view text) {
  IoMax out;
  for (const auto line : split(text, '\n')) {
    const auto words = split_words(line);
    if (words.empty()) continue;
    const auto device = DeviceNumber::parse(words.front());
    if (!device || out.contains(*device)) return not_io_max(line);
    IoRates rates;
    for (std::size_t i = 1; i < words.size(); ++i) WEIR_CHECK(take_rate(words[i], rates));
    out.emplace(*device, rates);
  }
  std::erase_if(out, [](const auto& entry) { return !entry.second.any(); });
  return out;
}

std::optional<std::string> MountEntry::option(std::string_view key) const {
  for (const auto word : split(options, ','))
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
      return unescape_octal(word.substr(key.size() + 1));
  return std::nullopt;
}

std::optional<MountEntry> find_mount(std::string_view mountinfo, std::uint64_t id) {
  for (const auto line : split(mountinfo, '\n')) {
    const auto words = split_words(line);
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4 || dash - words.begin() < 6) continue;
    if (to_number<std::uint64_t>(words[0]) != id) continue;
    const auto device = DeviceNumber::parse(words[2]);
    if (!device) return std::nullopt;
    return MountEntry{*device, unescape_octal(words[4]), std::string{*(dash + 1)},
                      unescape_octal(*(dash + 2)), std::string{*(dash + 3)}};
  }
  return std::nullopt;
}

std::string Carrier::str() const {
  auto out = fmt::format("{} ({})", name, device.str());
  if (!through.empty()) out += fmt::format(", through {}", join_words(through));
  if (!over.empty()) out += fmt::format(", which spreads over {}", join_words(over));
  return out;
}

}  // namespace weir
