// SPDX-License-Identifier: Apache-2.0
#include "weir/model/process_ids.h"

#include <algorithm>

#include "weir/base/text.h"

namespace weir {
namespace {

bool take_four(std::string_view text, std::array<std::uint32_t, 4>& out) {
  const auto words = split_words(text);
  if (words.size() != out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto id = to_number<std::uint32_t>(words[i]);
    if (!id) return false;
    out[i] = *id;
  }
  return true;
}

bool take_all(std::string_view text, std::vector<std::uint32_t>& out) {
  for (const auto word : split_words(text)) {
    const auto id = to_number<std::uint32_t>(word);
    if (!id) return false;
    out.push_back(*id);
  }
  return true;
}

bool all_equal(const std::array<std::uint32_t, 4>& ids) {
  return std::ranges::all_of(ids, [&](std::uint32_t id) { return id == ids.front(); });
}

}  // namespace

bool ProcessIds::is_plain() const { return all_equal(users) && all_equal(groups); }

Result<ProcessIds> parse_process_ids(std::string_view status) {
  ProcessIds out;
  bool users = false, groups = false, supplementary = false;
  // The first line is the name, in which the kernel escapes line ends.
  for (const auto line : split(status, '\n')) {
    if (line.starts_with("Uid:\t")) users = take_four(trim(line.substr(5)), out.users);
    if (line.starts_with("Gid:\t")) groups = take_four(trim(line.substr(5)), out.groups);
    if (line.starts_with("Groups:\t"))
      supplementary = take_all(trim(line.substr(8)), out.supplementary);
  }
  if (users && groups && supplementary) return out;
  return fail(Errc::failed, "/proc/PID/status has no users and groups as it should");
}

}  // namespace weir
