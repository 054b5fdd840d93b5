// SPDX-License-Identifier: Apache-2.0
#include "doctor_systemd.h"

#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/oomd.h"
#include "weir/cgroup/unit_files.h"

namespace weir {
namespace {

constexpr std::string_view root_slice = "-.slice";

void look_at_unit_files(const Session& session, const std::string& apply,
                        std::vector<Finding>& out) {
  for (const auto& file : conflicting_unit_files(session.tree.top.leaf()))
    out.push_back(
        {"conflicting-unit", Severity::problem,
         fmt::format("{} sets {}, which weir sets as well", file.path, join_words(file.keys)),
         fmt::format("mv {0} {0}.off; systemctl daemon-reload; {1}", file.path, apply)});
}

/// systemd-oomd chooses among all that lies below a slice with such a rule.
void look_at_oomd(Session& session, std::vector<Finding>& out) {
  const auto daemon = CgroupPath::parse("system.slice/systemd-oomd.service");
  if (!daemon || !session.io.exists(*daemon)) return;
  std::vector<std::string> slices{std::string{root_slice}, std::string{session.tree.top.leaf()}};
  for (const auto& pool : session.tree.pools) slices.emplace_back(pool.path.leaf());
  const auto rules = oomd_rules(slices);
  if (!rules) return;
  for (const auto& [unit, property] : *rules)
    out.push_back({"oomd", Severity::problem,
                   fmt::format("systemd-oomd may kill containers in {} ({}=kill), whatever they "
                               "have reserved",
                               unit, property),
                   fmt::format("systemctl set-property -- {} {}=auto", unit, property)});
}

}  // namespace

std::vector<Finding> systemd_findings(Session& session, const std::string& apply) {
  std::vector<Finding> out;
  if (session.tree.backend != Backend::systemd) return out;
  look_at_unit_files(session, apply, out);
  look_at_oomd(session, out);
  return out;
}

}  // namespace weir
