// SPDX-License-Identifier: Apache-2.0
// The file of one ticket.
#pragma once

#include <string>

#include "weir/base/unique_fd.h"

namespace weir {

/// None where it is not there; errno says why.
UniqueFd open_ticket(const UniqueFd& directory, const std::string& name, int flags);

/// Nobody holds it. Two that ask at one time do not take each other for its holder.
bool is_dead(const UniqueFd& ticket);

}  // namespace weir
