// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/freeze.h"

#include "weir/base/text.h"
#include "weir/cgroup/claims.h"
#include "weir/model/kernel_files.h"

namespace weir {
namespace {

constexpr const char* folder_name = "agent";  // in the run directory
constexpr const char* turns_note = "turns";
constexpr std::string_view thaw_claim = "thaw";
constexpr std::size_t max_depth = 8;

Result<FreezeReasons> reasons_of(CgroupIo& io, const CgroupPath& container) {
  WEIR_TRY(const auto text, io.attribute(container, attribute::frozen));
  return FreezeReasons::parse(text.value_or(std::string{}));
}

Status note_reasons(CgroupIo& io, const CgroupPath& container, const FreezeReasons& reasons) {
  return io.set_attribute(container, attribute::frozen, reasons.str());
}

Result<bool> is_told_to_freeze(CgroupIo& io, const CgroupPath& container) {
  WEIR_TRY(const auto text, io.read(container, file::cgroup_freeze));
  return trim(text) == "1";
}

Status thaw_below(CgroupIo& io, const CgroupPath& slice, FreezeReason reason, std::size_t depth) {
  const auto names = io.children(slice);
  if (!names) return is_gone(names.error()) ? Status{} : tl::unexpected(names.error());
  Status first;
  for (const auto& name : *names) {
    const auto path = slice.child(name);
    if (!path) continue;
    Status done;
    if (!name.ends_with(".slice"))
      done = thaw_from(io, *path, reason);
    else if (depth < max_depth)
      done = thaw_below(io, *path, reason, depth + 1);
    if (!done && !is_gone(done.error()) && first) first = std::move(done);
  }
  return first;
}

/// Two at once would undo each other's; whoever comes second finds nothing left to do.
Result<FileLock> claim_thawing(const RunDir& run_dir) {
  return claim_soon(run_dir, thaw_claim, std::chrono::seconds{5});
}

bool is_announced(const RunDir& run_dir) {
  const auto notes = run_dir.folder(folder_name);
  return notes && notes->read(turns_note);
}

Status thaw_announced(CgroupIo& io, const RunDir& run_dir, const CgroupPath& top) {
  if (!is_announced(run_dir)) return {};
  WEIR_CHECK(thaw_all_from(io, top, FreezeReason::turn));
  WEIR_TRY(const auto notes, run_dir.folder(folder_name));
  return notes.remove(turns_note);
}

}  // namespace

Status freeze_for(CgroupIo& io, const CgroupPath& container, FreezeReason reason) {
  WEIR_TRY(auto reasons, reasons_of(io, container));
  WEIR_TRY(const bool still, is_told_to_freeze(io, container));
  if (still && reasons.empty()) reasons.add(FreezeReason::outside);
  reasons.add(reason);
  // In this order: killed in between, it is thawed for nothing, and not left frozen.
  WEIR_CHECK(note_reasons(io, container, reasons));
  return still ? Status{} : io.write(container, file::cgroup_freeze, "1");
}

Status thaw_from(CgroupIo& io, const CgroupPath& container, FreezeReason reason) {
  WEIR_TRY(auto reasons, reasons_of(io, container));
  if (!reasons.has(reason)) return {};
  reasons.drop(reason);
  WEIR_TRY(const bool still, is_told_to_freeze(io, container));
  // Whoever thawed it by hand took every reason away.
  if (!still) reasons = FreezeReasons{};
  if (still && reasons.empty()) WEIR_CHECK(io.write(container, file::cgroup_freeze, "0"));
  return note_reasons(io, container, reasons);
}

Status thaw_all_from(CgroupIo& io, const CgroupPath& top, FreezeReason reason) {
  return thaw_below(io, top, reason, 0);
}

Status announce_turns(const RunDir& run_dir) {
  WEIR_TRY(const auto notes, run_dir.folder(folder_name));
  return notes.write(turns_note, "1\n");
}

Status thaw_own(CgroupIo& io, const RunDir& run_dir, const CgroupPath& top) {
  WEIR_TRY(const auto claim, claim_thawing(run_dir));
  return thaw_announced(io, run_dir, top);
}

Status thaw_abandoned(CgroupIo& io, const RunDir& run_dir, const CgroupPath& top) {
  if (!is_announced(run_dir) || is_claimed(run_dir, agent_claim)) return {};
  WEIR_TRY(const auto claim, claim_thawing(run_dir));
  if (is_claimed(run_dir, agent_claim)) return {};
  return thaw_announced(io, run_dir, top);
}

}  // namespace weir
