// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/precedence.h"

#include <sched.h>

namespace weir {

Precedence::Precedence() {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;
  sched_param lowest{};
  lowest.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  given_ = ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
}

Precedence::~Precedence() {
  const sched_param none{};
  if (given_) ::sched_setscheduler(0, SCHED_OTHER, &none);  // fewer rights are always given
}

}  // namespace weir
