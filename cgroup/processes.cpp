// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/processes.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/io.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

std::vector<int> numbered_entries(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  std::vector<int> out;
  if (!directory) return out;
  while (const dirent* entry = ::readdir(directory.get()))
    if (const auto number = to_number<int>(entry->d_name)) out.push_back(*number);
  std::ranges::sort(out);
  return out;
}

tl::unexpected<Error> no_process(int pid, int sys) {
  if (sys == ESRCH || sys == ENOENT || sys == EINVAL)
    return fail(Errc::not_found, fmt::format("no process {}", pid));
  return os_fail(sys, fmt::format("process {}", pid));
}

}  // namespace

void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, there is room for fewer
}

bool HeldProcess::is_alive() const {
  pollfd watched{pidfd.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) == 0;
}

Result<ProcessStat> read_process_stat(int pid) {
  const auto text = read_single_file(fmt::format("/proc/{}/stat", pid));
  if (!text) return no_process(pid, text.error().sys);
  return parse_process_stat(*text);
}

std::optional<std::string> read_process_cgroup(int pid) {
  const auto text = read_single_file(fmt::format("/proc/{}/cgroup", pid));
  return text ? parse_proc_cgroup(*text) : std::nullopt;
}

std::optional<std::string> read_own_cgroup() {
  const auto text = read_single_file("/proc/self/cgroup");
  return text ? parse_proc_cgroup(*text) : std::nullopt;
}

Result<HeldProcess> hold_process(int pid) {
  // The descriptor first: what is read of /proc afterwards belongs to it as long as it is alive.
  HeldProcess out;
  out.pidfd = UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!out.pidfd) return no_process(pid, errno);
  WEIR_TRY(out.stat, read_process_stat(pid));
  out.cgroup = read_process_cgroup(pid).value_or("");
  return out;
}

std::vector<int> read_children(int pid) {
  std::vector<int> out;
  for (const int tid : numbered_entries(fmt::format("/proc/{}/task", pid))) {
    const auto text = read_small_file(fmt::format("/proc/{}/task/{}/children", pid, tid));
    if (!text) continue;
    for (const auto word : split_words(*text))
      if (const auto child = to_number<int>(word)) out.push_back(*child);
  }
  return out;
}

std::vector<Thread> read_threads(int pid) {
  std::vector<Thread> out;
  for (const int tid : numbered_entries(fmt::format("/proc/{}/task", pid))) {
    const auto stat = read_small_file(fmt::format("/proc/{}/task/{}/stat", pid, tid));
    const auto cgroup = read_small_file(fmt::format("/proc/{}/task/{}/cgroup", pid, tid));
    const auto parsed = stat ? parse_process_stat(*stat) : Result<ProcessStat>{};
    if (!stat || !parsed || !cgroup) continue;
    out.push_back({tid, parsed->state, parse_proc_cgroup(*cgroup).value_or("")});
  }
  return out;
}

std::vector<int> list_processes() { return numbered_entries("/proc"); }

void send_stranger_home(CgroupIo& io, int pid) {
  const auto stranger = read_process_stat(pid);
  if (!stranger) return;
  const auto home = read_process_cgroup(stranger->parent);
  const auto path =
      home && home->size() > 1 ? CgroupPath::parse(home->substr(1)) : CgroupPath::parse("");
  if (path)
    ignore(io.write(*path, file::cgroup_procs, fmt::format("{}", pid)),
           "it may have ended meanwhile");
}

}  // namespace weir
