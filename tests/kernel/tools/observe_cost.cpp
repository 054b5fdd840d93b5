// SPDX-License-Identifier: Apache-2.0
// What one look at many containers costs: with descriptors kept open, beside the same files opened,
// read and closed, and beside nothing but the pread of them. Half of the containers did something
// since the last look.
//   weir-observe-cost [FOLDER]             ordinary files with the sizes of real ones (/dev/shm)
//   weir-observe-cost --cgroups CGROUP     100 and 1,000 cgroups that it makes in CGROUP, whose
//                                          children have controllers; it calls at half of them
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "weir/cgroup/fs.h"
#include "weir/cgroup/usage_watcher.h"

namespace {

using namespace weir;
using Clock = std::chrono::steady_clock;

const std::vector<std::string> names{"cpu.stat", "memory.current", "memory.events", "cpu.pressure",
                                     "pids.current"};

std::string text_of(const std::string& name, int round) {
  if (name == "cpu.stat")
    return fmt::format(
        "usage_usec {}\nuser_usec 1000\nsystem_usec 1000\ncore_sched.force_idle_usec 0\n"
        "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n",
        1'000'000 + round);
  if (name == "memory.current") return fmt::format("{}\n", 50'000'000 + round * 4096);
  if (name == "memory.events") return "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n";
  if (name == "cpu.pressure")
    return fmt::format(
        "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        round);
  if (name == "pids.current") return "3\n";
  return "anon 100\nfile 50\n";
}

std::string leaf_name(int number) { return fmt::format("c{}.scope", number); }

/// Where containers are looked at.
struct Place {
  std::string folder;
  bool real = false;  ///< cgroups; otherwise ordinary files

  void make(int containers) const {
    for (int i = 0; i < containers; ++i)
      std::filesystem::create_directories(folder + "/" + leaf_name(i));
    if (!real)
      for (int i = 0; i < containers; ++i)
        std::ofstream(folder + "/" + leaf_name(i) + "/memory.stat") << text_of("memory.stat", 0);
    if (!real) change(containers, 0);
  }

  /// Something happens in the first so many.
  void change(int containers, int round) const {
    for (int i = 0; i < containers; ++i) {
      const auto path = folder + "/" + leaf_name(i) + "/";
      if (real)
        enter(path);
      else
        for (const auto& name : names) std::ofstream(path + name) << text_of(name, round);
    }
    if (real) enter(folder + "/../");
  }

  void remove(int containers) const {
    for (int i = 0; i < containers; ++i)
      if (real)
        ::rmdir((folder + "/" + leaf_name(i)).c_str());
      else
        std::filesystem::remove_all(folder + "/" + leaf_name(i));
  }

  static void enter(const std::string& cgroup) {
    std::ofstream procs(cgroup + "cgroup.procs");
    if (procs << "0" << std::flush) return;
    std::perror(cgroup.c_str());
    std::exit(1);
  }
};

double median_of(int runs, const std::function<void(int)>& before,
                 const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    before(i);
    const auto begin = Clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  return 0;
}

/// How many files this process may have open at most.
std::size_t most_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  limit.rlim_max = std::max(limit.rlim_max, rlim_t{200'000});
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 0;
}

struct Row {
  double watched, direct, bare;
  long kib;
};

Row measure(const Place& place, int containers) {
  const auto& folder = place.folder;
  place.make(containers);
  const long before = resident_kib();
  UsageWatcher watcher(UniqueFd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY)});
  std::vector<CgroupPath> paths;
  std::vector<std::size_t> slots;
  for (int i = 0; i < containers; ++i) {
    paths.push_back(*CgroupPath::parse(leaf_name(i)));
    slots.push_back(watcher.follow(paths.back(), Detail::container));
    watcher.refresh(slots.back());
  }
  const long kib = resident_kib() - before;
  auto fs = CgroupFs::open(folder, CgroupFs::Verify::none);
  std::vector<UniqueFd> fds;
  for (const auto& path : paths)
    for (const auto& name : names)
      fds.emplace_back(::open(fmt::format("{}/{}/{}", folder, path.str(), name).c_str(), O_RDONLY));
  int round = 0;
  const auto change = [&](int) { place.change(containers / 2, ++round); };
  Row row{};
  row.kib = kib;
  row.watched = median_of(9, change, [&] {
    for (const auto slot : slots) watcher.refresh(slot);
  });
  row.direct = median_of(9, change, [&] {
    for (const auto& path : paths)
      for (const auto& name : names) static_cast<void>(fs->read(path, name));
  });
  std::vector<char> buffer(16384);
  row.bare = median_of(9, change, [&] {
    for (const auto& fd : fds)
      static_cast<void>(!::pread(fd.get(), buffer.data(), buffer.size(), 0));
  });
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  const bool real = argc == 3 && std::string{argv[1]} == "--cgroups";
  Place place{
      real ? argv[2] : fmt::format("{}/weir-observe-XXXXXX", argc > 1 ? argv[1] : "/dev/shm"),
      real};
  if (!real && !::mkdtemp(place.folder.data())) return std::perror("mkdtemp"), 1;
  fmt::print("{:>10} {:>12} {:>16} {:>12} {:>10} {:>10} {:>8}\n", "containers", "watcher us",
             "open-read-close", "bare pread", "/direct", "/pread", "MiB");
  for (const int containers : {100, 1000, 10000}) {
    if (real && containers > 1000) continue;
    const auto needed = static_cast<std::size_t>(containers) * 11 + 300;
    if (needed > most_descriptors()) {
      fmt::print("{:>10} needs {} open files\n", containers, needed);
      continue;
    }
    const auto row = measure(place, containers);
    fmt::print("{:>10} {:>12.0f} {:>16.0f} {:>12.0f} {:>10.2f} {:>10.2f} {:>8.1f}\n", containers,
               row.watched * 1e6, row.direct * 1e6, row.bare * 1e6, row.watched / row.direct,
               row.watched / row.bare, static_cast<double>(row.kib) / 1024);
    place.remove(containers);
  }
  if (!real) std::filesystem::remove_all(place.folder);
  return 0;
}
