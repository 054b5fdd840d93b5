// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/precedence.h"

#include <doctest/doctest.h>
#include <functional>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace weir;

namespace {

/// What a child of the test finds out, as a child may have any policy.
int in_child(const std::function<int()>& deed) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(deed());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool may_go_first() {
  return in_child([] {
           const sched_param lowest{1};
           return ::sched_setscheduler(0, SCHED_FIFO, &lowest) == 0 ? 0 : 1;
         }) == 0;
}

int policy() { return ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK; }

}  // namespace

TEST_CASE("precedence: while it lives, where it is allowed, and for no child") {
  const bool alone = std::thread::hardware_concurrency() == 1;
  const int during = may_go_first() && !alone ? SCHED_FIFO : SCHED_OTHER;
  CHECK(in_child([&] {
          {
            const Precedence now;
            if (policy() != during) return 1;
            if (in_child([] { return policy(); }) != SCHED_OTHER) return 2;
          }
          if (policy() != SCHED_OTHER) return 3;
          // Not even the flag is left.
          return ::sched_getscheduler(0) == SCHED_OTHER ? 0 : 4;
        }) == 0);
}

TEST_CASE("precedence: with one CPU nobody is kept from it") {
  CHECK(in_child([] {
          cpu_set_t cpus;
          if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
          int cpu = 0;
          while (!CPU_ISSET(cpu, &cpus)) ++cpu;
          CPU_ZERO(&cpus);
          CPU_SET(cpu, &cpus);
          if (::sched_setaffinity(0, sizeof cpus, &cpus) != 0) return 2;
          const Precedence none;
          return policy() == SCHED_OTHER ? 0 : 3;
        }) == 0);
}

TEST_CASE("precedence: another policy than the ordinary one stays") {
  CHECK(in_child([] {
          const sched_param none{};
          if (::sched_setscheduler(0, SCHED_BATCH, &none) != 0) return 1;
          {
            const Precedence now;
            if (policy() != SCHED_BATCH) return 2;
          }
          return policy() == SCHED_BATCH ? 0 : 3;
        }) == 0);
}
