// SPDX-License-Identifier: Apache-2.0
// What dynamic allocation leaves to other commands.
#include "dynamics_notes.h"

#include <algorithm>

#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/io.h"

namespace weir {
namespace {

/// Nobody writes further ahead; a clock that was set back must not make a note last for ever.
constexpr std::int64_t longest_us = std::int64_t{3600} * 1'000'000;

bool holds(const PoolDynamics& note, std::int64_t now_us) {
  return note.until_us > now_us && note.until_us - now_us <= longest_us;
}

std::optional<PoolDynamics> read_note(const NoteFolder& folder, const PoolName& pool,
                                      std::int64_t now_us) {
  const auto text = folder.read(pool.str());
  if (!text) return std::nullopt;
  auto note = PoolDynamics::parse(*text);
  if (!note || !holds(*note, now_us)) return std::nullopt;
  return std::move(*note);
}

}  // namespace

std::vector<std::optional<PoolDynamics>> read_dynamics(const Session& session) {
  std::vector<std::optional<PoolDynamics>> out(session.tree.pools.size());
  const auto folder = session.run_dir.folder(dynamics_folder);
  if (!folder) return out;
  const auto noted = folder->names();
  if (!noted) return out;
  const auto now_us = wall_us();
  for (std::size_t i = 0; i < out.size(); ++i)
    if (const auto& pool = session.tree.pools[i].name();
        std::ranges::binary_search(*noted, pool.str()))
      out[i] = read_note(*folder, pool, now_us);
  return out;
}

void overlay_dynamics(const Session& session, DesiredTree& desired) {
  const auto notes = read_dynamics(session);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const auto& pool = session.tree.pools[i];
    if (!notes[i] || pool.spec.mode != Mode::dynamic) continue;
    const auto cgroup = std::ranges::find(desired.cgroups, pool.path, &DesiredCgroup::path);
    if (cgroup == desired.cgroups.end()) continue;
    cgroup->files.insert_or_assign(std::string{file::memory_high},
                                   memory_text(notes[i]->memory_high));
    if (notes[i]->io)
      cgroup->files.insert_or_assign(std::string{file::io_max}, io_max_text(*notes[i]->io));
  }
}

}  // namespace weir
