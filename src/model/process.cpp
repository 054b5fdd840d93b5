// SPDX-License-Identifier: Apache-2.0
#include "weir/model/process.h"

#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir {
namespace {

tl::unexpected<Error> malformed(std::string_view text) {
  return fail(Errc::failed, fmt::format("'{}' is no line of /proc/PID/stat", printable(text, 60)));
}

struct Manager {
  std::string_view mark, name;
};

/// Marks in a path component, most telling first.
constexpr std::array managers{
    Manager{"libpod", "podman"},
    Manager{"docker", "docker"},
    Manager{"kubepods", "kubernetes"},
    Manager{"cri-containerd", "containerd"},
    Manager{"containerd", "containerd"},
    Manager{"crio", "cri-o"},
    Manager{"crun", "crun"},
    Manager{"lxc", "lxc"},
    Manager{"machine.slice", "machined"},
    Manager{"slurmstepd", "slurm"},
};

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return malformed(text);
  ProcessStat out;
  out.command = text.substr(open + 1, close - open - 1);
  const auto fields = split_words(text.substr(close + 1));
  constexpr std::size_t state = 0, parent = 1, group = 2, session = 3, flags = 6, start = 19;
  if (fields.size() <= start || fields[state].size() != 1) return malformed(text);
  const auto pid = to_number<int>(trim(text.substr(0, open)));
  const auto parent_id = to_number<int>(fields[parent]);
  const auto group_id = to_number<int>(fields[group]);
  const auto session_id = to_number<int>(fields[session]);
  const auto flag_bits = to_number<std::uint64_t>(fields[flags]);
  const auto start_time = to_number<std::uint64_t>(fields[start]);
  if (!pid || !parent_id || !group_id || !session_id || !flag_bits || !start_time)
    return malformed(text);
  out.pid = *pid;
  out.state = fields[state].front();
  out.parent = *parent_id;
  out.group = *group_id;
  out.session = *session_id;
  out.flags = *flag_bits;
  out.start_time = *start_time;
  return out;
}

std::string foreign_manager(std::string_view path) {
  for (const auto& manager : managers)
    if (path.find(manager.mark) != std::string_view::npos)
      return fmt::format("{} manages it", manager.name);
  for (const auto part : split(path, '/')) {
    if (part.ends_with(".service"))
      return fmt::format("it belongs to the service {}", printable(part, 80));
    // What a person starts at a shell lies in session-N.scope and is hers to move.
    if (part.ends_with(".scope") && !part.starts_with("session-"))
      return fmt::format("it belongs to {}", printable(part, 80));
  }
  return {};
}

}  // namespace weir
