// SPDX-License-Identifier: Apache-2.0
// One function a command: it does the work, prints, and returns the exit status.
#pragma once

#include "weir/base/result.h"

#include "arguments.h"

namespace weir::cli {

Result<int> init_command(const Arguments& args);
Result<int> host_command(const Arguments& args);
Result<int> check_command(const Arguments& args);

Result<int> plan_command(const Arguments& args);
Result<int> apply_command(const Arguments& args);
Result<int> verify_command(const Arguments& args);
Result<int> teardown_command(const Arguments& args);

Result<int> pool_list_command(const Arguments& args);
Result<int> pool_show_command(const Arguments& args);
Result<int> pool_path_command(const Arguments& args);
Result<int> pool_create_command(const Arguments& args);
Result<int> pool_set_command(const Arguments& args);
Result<int> pool_remove_command(const Arguments& args);
Result<int> place_command(const Arguments& args);
Result<int> release_command(const Arguments& args);
Result<int> move_command(const Arguments& args);
Result<int> explain_command(const Arguments& args);
Result<int> doctor_command(const Arguments& args);
Result<int> ps_command(const Arguments& args);
Result<int> status_command(const Arguments& args);
Result<int> metrics_command(const Arguments& args);
Result<int> top_command(const Arguments& args);
Result<int> queue_command(const Arguments& args);
Result<int> queue_cancel_command(const Arguments& args);

Result<int> hook_stage_command(const Arguments& args);
Result<int> hook_install_command(const Arguments& args);
Result<int> hook_uninstall_command(const Arguments& args);

/// Returns when it was told to stop.
Result<int> agent_command(const Arguments& args);

Result<int> simulate_command(const Arguments& args);

Result<int> completion_command(const Arguments& args);
/// Prints names, one a line; never an error.
Result<int> complete_command(const Arguments& args);

/// Never an error: its exit statuses are its own.
int run_command(const Arguments& args);

}  // namespace weir::cli
