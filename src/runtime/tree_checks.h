// SPDX-License-Identifier: Apache-2.0
// What must hold before a tree is changed as a whole.
#pragma once

#include "weir/model/observed.h"
#include "weir/runtime/session.h"

namespace weir {

/// Errc::conflict where another top slice of weir's is on the same mount: two trees would promise
/// the same capacity twice.
Status check_single_tree(Session& session);

/// Errc::conflict where the same tree was made by the other back-end.
Status check_same_backend(const Session& session, const ObservedTree& observed);

}  // namespace weir
