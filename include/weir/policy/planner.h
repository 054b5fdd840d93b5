// SPDX-License-Identifier: Apache-2.0
// The difference between the desired and the observed tree, as changes in a safe order.
#pragma once

#include "weir/model/observed.h"
#include "weir/model/plan.h"
#include "weir/policy/desired.h"

namespace weir {

/// Only what differs; the kernel's rounding does not. Foreign cgroups are never touched. A limit
/// below what is in use is blocked, a pool that would vanish with containers in it is a conflict.
///
/// Order: create and enable parents first; raise parents first; lower children first; then what
/// grows beside a sibling that shrinks, since both compete for the same bytes; remove children
/// first.
Plan make_plan(const DesiredTree& desired, const ObservedTree& observed);

/// The removal of every cgroup below the top slice that weir made, children first.
Plan make_teardown_plan(const ObservedTree& observed);

}  // namespace weir
