// SPDX-License-Identifier: Apache-2.0
// A refusal in words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/model/pool.h"
#include "weir/model/record.h"
#include "weir/policy/admission.h"

namespace weir::books_words {

/// Who holds how much of what is missing.
using Holders = std::vector<std::pair<std::string, std::int64_t>>;

Error too_many(const Pool& pool, const ContainerRecord& record);

/// One line: what is missing, where in the chain, who holds it, whether it can ever fit.
Error no_room(const PoolTree& tree, std::size_t pool, const ContainerRecord& record,
              const Refusal& refusal, Holders holders);

/// Of a container that would leave `left` behind in `pool`.
Error no_room_to_leave(const PoolTree& tree, std::size_t pool, Bytes left, const Refusal& refusal);

}  // namespace weir::books_words
