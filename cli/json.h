// SPDX-License-Identifier: Apache-2.0
// The JSON documents of the commands; field names are a promise.
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "weir/model/plan.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/status.h"

namespace weir::cli {

/// `tree` is absent where there is no configuration (or none that can be read).
nlohmann::ordered_json host_json(const Host& host, const Reserve& reserve, const Capacity& capacity,
                                 const PoolTree* tree);
nlohmann::ordered_json check_json(const Loaded& loaded);
nlohmann::ordered_json plan_json(const Plan& plan);
nlohmann::ordered_json drift_json(const std::vector<Drift>& drift);
nlohmann::ordered_json pool_json(const PoolTree& tree, const PoolStatus& status);
nlohmann::ordered_json container_json(const PoolTree& tree, const ContainerStatus& status);
/// One that waits, as a TICKET and as a CONTAINER that does not run yet.
nlohmann::ordered_json ticket_json(const PoolTree& tree, const WaitingStatus& waiting);
nlohmann::ordered_json queued_json(const PoolTree& tree, const WaitingStatus& waiting);
nlohmann::ordered_json status_json(const PoolTree& tree, const HostStatus& status);

/// One document on stdout. Text that is no UTF-8 is made so.
void print_json(const nlohmann::ordered_json& document);

}  // namespace weir::cli
