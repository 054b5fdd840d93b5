// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/take.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <set>
#include <thread>
#include <unistd.h>

#include "weir/model/kernel_files.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds{10};
constexpr std::size_t max_uncertain_scans = 100;  // other processes come and go too
constexpr std::size_t needed_proofs = 2;  // pids that start again at the bottom deceive one scan
constexpr std::size_t max_generations = 256;
constexpr std::size_t quiet_rounds = 2;  // in a row without news: it is all in

/// Is `path` of /proc in `leaf`? The mount may show a part of the hierarchy only: compare the end.
bool lies_in(const std::string& path, const CgroupPath& leaf) {
  const auto needle = "/" + leaf.str();
  const auto at = path.rfind(needle);
  if (at == std::string::npos) return false;
  const auto end = at + needle.size();
  return end == path.size() || path[end] == '/';
}

class Taker {
 public:
  Taker(CgroupIo& io, const CgroupPath& leaf) : io_(io), leaf_(leaf) {}

  Result<TakeReport> take(std::vector<HeldProcess> roots) {
    for (auto& root : roots) known_.emplace(root.stat.pid, std::move(root));
    for (const auto& [pid, process] : known_) {
      families_.insert({process.stat.session, process.stat.group});
      leave_siblings(process);
    }
    const auto deadline = Clock::now() + patience;
    std::size_t quiet = 0;
    while (quiet < quiet_rounds && Clock::now() < deadline) {
      WEIR_TRY(const bool news, round());
      quiet = news ? 0 : quiet + 1;
      if (news) continue;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return report();
  }

 private:
  /// Moves everyone who is known and outside, then looks for children and for orphans of those who
  /// vanished. True when there was anything new.
  Result<bool> round() {
    bool news = false;
    std::vector<int> pids;
    for (const auto& [pid, process] : known_) pids.push_back(pid);
    for (const int pid : pids) {
      WEIR_TRY(const bool moved, bring_in(known_.at(pid)));
      news = news || moved;
    }
    for (const int pid : pids)
      for (const int child : read_children(pid)) news = learn_child(child, known_.at(pid)) || news;
    WEIR_TRY(const bool adopted, adopt_orphans());
    return adopted || news;
  }

  Result<bool> bring_in(HeldProcess& process) {
    const int pid = process.stat.pid;
    if (in_.contains(pid)) return false;
    if (!process.is_alive()) return vanish(process);
    auto written = io_.write(leaf_, file::cgroup_procs, fmt::format("{}", pid));
    if (!written && written.error().sys == ESRCH) return vanish(process);
    if (!written && (written.error().sys == EINVAL || written.error().sys == EPERM)) {
      refused_.emplace(pid, written.error().message);
      in_.insert(pid);  // asked and answered
      return false;
    }
    if (!written) return tl::unexpected(std::move(written).error());
    // Alive after the write: the pid was its own all the time, and no stranger was moved.
    if (!process.is_alive()) {
      send_stranger_home(process);
      return vanish(process);
    }
    in_.insert(pid);
    taken_.push_back(pid);
    return true;
  }

  /// It ended before it was in; what it forked may have slipped to the host's reaper.
  bool vanish(const HeldProcess& process) {
    orphaned_since_ = std::min(orphaned_since_, process.stat.start_time);
    in_.insert(process.stat.pid);
    vanished_ = true;
    proofs_ = 0;
    return true;
  }

  enum class Seen { before, for_the_first_time, ended };

  /// Ended is said once of each process, since its orphans have to be looked for once.
  Seen learn(int pid) {
    if (pid == ::getpid()) return Seen::before;
    if (const auto known = known_.find(pid); known != known_.end() && known->second.is_alive())
      return Seen::before;
    auto held = hold_process(pid);
    if (!held && held.error().code == Errc::not_found) return Seen::ended;
    if (!held) refused_.emplace(pid, held.error().message);
    if (!held || held->stat.is_kernel_thread()) return Seen::before;
    // By its descriptor: a process whose leader has exited reads as a zombie and lives.
    if (!held->is_alive())
      return dead_.insert({pid, held->stat.start_time}).second ? Seen::ended : Seen::before;
    known_.erase(pid);
    in_.erase(pid);
    if (lies_in(held->cgroup, leaf_)) {  // born in there: nothing to do but to watch its children
      in_.insert(pid);
      taken_.push_back(pid);
    }
    families_.insert({held->stat.session, held->stat.group});
    known_.emplace(pid, std::move(*held));
    return Seen::for_the_first_time;
  }

  /// A child that ended before anybody looked, a zombie or already waited for, may have forked.
  bool learn_child(int pid, const HeldProcess& parent) {
    const auto seen = learn(pid);
    if (seen == Seen::ended) {
      orphaned_since_ = std::min(orphaned_since_, parent.stat.start_time);
      if (const auto stat = read_process_stat(pid); stat && stat->parent == parent.stat.pid)
        families_.insert({stat->session, stat->group});
      vanished_ = true;
      proofs_ = 0;
    }
    return seen == Seen::for_the_first_time;
  }

  /// Processes of a family that is known, younger than a parent that vanished, and outside. The
  /// newest first, and in at once: in a chain of forks each lives for a moment only. Whoever ends
  /// while the scan goes on may have left a successor behind that it did not see: only scans in
  /// which nobody did prove anything.
  Result<bool> adopt_orphans() {
    if (!vanished_) return false;
    bool news = false, certain = true;
    restless_.clear();
    const auto everyone = list_processes();
    for (auto at = everyone.rbegin(); at != everyone.rend(); ++at) {
      const auto stat = read_process_stat(*at);
      certain = certain && stat.has_value();
      if (!stat || stat->start_time < orphaned_since_) continue;
      if (!families_.contains({stat->session, stat->group}) || descends_from_sibling(*stat))
        continue;
      const auto seen = learn(*at);
      certain = certain && seen != Seen::ended;
      if (seen != Seen::before) restless_.insert(stat->group);
      if (seen != Seen::for_the_first_time) continue;
      news = true;
      WEIR_CHECK(bring_in(known_.at(*at)));
    }
    proofs_ = certain && !news ? proofs_ + 1 : 0;
    uncertain_scans_ = certain || news ? 0 : uncertain_scans_ + 1;
    vanished_ = proofs_ < needed_proofs;
    return news || (vanished_ && uncertain_scans_ < max_uncertain_scans);
  }

  /// The shell or script that started a root has other children, of the same session and often of
  /// the same group. Whoever is one of them when we begin, or descends from one, is none of ours.
  void leave_siblings(const HeldProcess& root) {
    int pid = root.stat.parent;
    for (std::size_t level = 0; pid > 1 && level < max_generations; ++level) {
      const auto above = read_process_stat(pid);
      if (!above || above->session != root.stat.session) return;  // a reaper: it has orphans, too
      for (const int child : read_children(pid)) siblings_.insert(child);
      pid = above->parent;
    }
  }

  bool descends_from_sibling(ProcessStat stat) const {
    for (std::size_t level = 0; level < max_generations; ++level) {
      if (known_.contains(stat.pid)) return false;
      if (siblings_.contains(stat.pid)) return true;
      const auto parent = read_process_stat(stat.parent);
      if (!parent) return false;
      stat = *parent;
    }
    return false;
  }

  /// The pid was used again between check and write: whoever has it now belongs where its parent
  /// is.
  void send_stranger_home(const HeldProcess& gone) {
    const auto now = read_process_stat(gone.stat.pid);
    if (!now || now->start_time == gone.stat.start_time || known_.contains(now->parent)) return;
    weir::send_stranger_home(io_, now->pid);
    refused_.emplace(now->pid,
                     "a stranger that got the pid of a process that ended; it was put back");
  }

  TakeReport report() {
    TakeReport out;
    for (const auto& [pid, process] : known_) {
      if (!process.is_alive() || refused_.contains(pid)) continue;
      for (const auto& thread : read_threads(pid)) {
        // A leader that has exited stays behind and means nothing (kernel.md #7).
        if (thread.state == 'Z' || thread.state == 'X' || lies_in(thread.cgroup, leaf_)) continue;
        out.missed.push_back(
            {pid, fmt::format("thread {} is still in {}", thread.tid, thread.cgroup)});
        break;
      }
    }
    for (const auto& [pid, reason] : refused_) out.missed.push_back({pid, reason});
    if (vanished_) {
      // Each of them lives for a moment: their process group is what they have in common.
      if (restless_.empty())
        for (const auto& [session, group] : families_) restless_.insert(group);
      out.missed.push_back({0, fmt::format("processes of group {} that fork and end all the time "
                                           "may still run outside",
                                           fmt::join(restless_, ", "))});
    }
    out.taken = std::move(taken_);
    return out;
  }

  CgroupIo& io_;
  const CgroupPath& leaf_;
  std::map<int, HeldProcess> known_;
  std::set<int> in_;  // dealt with: moved, born inside, vanished or refused
  std::vector<int> taken_;
  std::map<int, std::string> refused_;
  std::set<std::pair<int, int>> families_;  // session and process group
  std::uint64_t orphaned_since_ = ~std::uint64_t{0};
  bool vanished_ = false;   // somebody did since the last scan that proved anything
  std::size_t proofs_ = 0;  // scans in a row that found nobody
  std::size_t uncertain_scans_ = 0;
  std::set<std::pair<int, std::uint64_t>> dead_;  // zombies that were seen: pid and start time
  std::set<int> restless_;  // process groups that had newcomers in the last scan
  std::set<int> siblings_;  // of the roots and of their ancestors in the session
};

}  // namespace

Result<TakeReport> take_processes(CgroupIo& io, const CgroupPath& leaf,
                                  std::vector<HeldProcess> roots) {
  allow_many_descriptors();
  WEIR_CHECK(io.write(leaf, file::cgroup_freeze, "1"));
  auto report = Taker(io, leaf).take(std::move(roots));
  auto thawed = io.write(leaf, file::cgroup_freeze, "0");
  if (!thawed && report) return tl::unexpected(std::move(thawed).error());
  return report;
}

void put_back(CgroupIo& io, const std::vector<HeldProcess>& processes) {
  for (const auto& process : processes) {
    const auto path = CgroupPath::parse(process.cgroup.size() > 1 ? process.cgroup.substr(1) : "");
    if (path && process.is_alive())
      ignore(io.write(*path, file::cgroup_procs, fmt::format("{}", process.stat.pid)),
             "it may have ended, or its old cgroup may be gone");
  }
}

}  // namespace weir
