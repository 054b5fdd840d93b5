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

/// Numbers that are no limit: the kernel keeps operations in 32 bits, the largest of them meaning
/// none (kernel-notes 63), and no disk gets to 2^63 bytes a second.
bool is_no_limit(std::size_t rate, std::uint64_t number) {
  if (rate >= static_cast<std::size_t>(IoRate::read_iops))
    return number >= std::numeric_limits<std::uint32_t>::max();
  return number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

tl::unexpected<Error> not_io_max(std::string_view line) {
  return fail(Errc::failed, fmt::format("'{}' is not a line of io.max", printable(line, 80)));
}

/// "rbps=1048576".
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
  if (!is_no_limit(index, *number)) rate = static_cast<std::int64_t>(*number);
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
    const auto number = static_cast<std::uint64_t>(std::max(limit.value_or(0), least_io_limit));
    out += !limit || is_no_limit(r, number) ? fmt::format(" {}=max", kernel_keys[r])
                                            : fmt::format(" {}={}", kernel_keys[r], number);
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
