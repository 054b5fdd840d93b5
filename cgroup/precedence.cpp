// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/precedence.h"

#include <sched.h>

namespace weir {
namespace {

/// The call fails only on a host with more of them than the set has room for.
bool has_several_cpus() {
  cpu_set_t cpus;
  return ::sched_getaffinity(0, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) > 1;
}

}  // namespace

Precedence::Precedence() {
  if (::sched_getscheduler(0) != SCHED_OTHER || !has_several_cpus()) return;
  sched_param lowest{};
  lowest.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  given_ = ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
}

Precedence::~Precedence() {
  const sched_param none{};
  if (given_) ::sched_setscheduler(0, SCHED_OTHER, &none);  // fewer rights are always given
}

}  // namespace weir
