// SPDX-License-Identifier: Apache-2.0
// `weir doctor`: what on this host stands in the way, each with its remedy.
#pragma once

#include <string>
#include <vector>

#include "weir/cgroup/strangers.h"
#include "weir/runtime/session.h"

namespace weir {

enum class Severity {
  problem,  ///< a feature does not work
  advice,   ///< works, but less well than it could
};

struct Finding {
  std::string id;  ///< stable: "psi-off"
  Severity severity = Severity::problem;
  std::string what;    ///< one sentence
  std::string remedy;  ///< a command or an edit, to be followed word for word
};

struct Diagnosis {
  std::vector<Finding> findings;
  std::vector<Stranger> outside;  ///< containers that no pool holds
};

/// Never fails for what it is there to find; an error means that /proc itself cannot be read.
Result<Diagnosis> diagnose(const Options& options);

}  // namespace weir
