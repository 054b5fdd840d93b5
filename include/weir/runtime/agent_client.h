// SPDX-License-Identifier: Apache-2.0
// What an ordinary user's weir does: it asks the agent.
#pragma once

#include "weir/model/agent_message.h"
#include "weir/runtime/run.h"
#include "weir/runtime/status.h"

namespace weir {

/// Whether commands with these options are for the agent: an ordinary user's, about root's own
/// tree, and an agent listens.
Result<bool> asks_agent(const Options& options);

/// As run(), by the agent: the command is this user's own process, and becomes a container before
/// it executes anything.
Result<RunOutcome> run_by_agent(const Options& options, RunRequest request);

/// One request that is not `run`; an error of the agent's is the result's.
Result<AgentReply> ask_agent(const Options& options, const AgentRequest& request);

/// This user's tickets, in order of arrival.
Result<std::vector<WaitingStatus>> queue_by_agent(const Options& options, const PoolTree& tree);

/// This user's containers. Pools are left out, which are not his to see.
Result<HostStatus> status_by_agent(const Options& options, const PoolTree& tree);

}  // namespace weir
