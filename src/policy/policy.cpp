// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/policy.h"

#include "divisions.h"

namespace weir {
namespace {

using Rule = Result<Division> (*)(const Resources&, const Contenders&, const PolicyOptions&);

class RulePolicy : public Policy {
 public:
  RulePolicy(Rule rule, const PolicyOptions& options) : rule_(rule), options_(options) {}
  Result<Division> divide(const Resources& capacity,
                          const std::vector<Contender>& members) const override {
    return rule_(capacity, members, options_);
  }

 private:
  Rule rule_;
  PolicyOptions options_;
};

Rule rule_for(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::fair:
      return divide_fair;
    case PolicyKind::drf:
      return divide_drf;
    case PolicyKind::fifo:
      return divide_fifo;
    case PolicyKind::round_robin:
      return divide_round_robin;
    case PolicyKind::priority:
      return divide_priority;
    case PolicyKind::throughput:
      return divide_throughput;
    case PolicyKind::latency:
      return divide_latency;
  }
  return divide_fair;
}

}  // namespace

std::unique_ptr<Policy> make_policy(PolicyKind kind, const PolicyOptions& options) {
  return std::make_unique<RulePolicy>(rule_for(kind), options);
}

Resources demand_of(Mode mode, const Resources& request, const Resources& limit,
                    const Resources& estimated) {
  if (mode == Mode::dynamic) return estimated;
  Resources demand = request;
  for (std::size_t r = 0; r < resource_count; ++r)
    if (demand[r] == 0) demand[r] = limit[r];
  return demand;
}

}  // namespace weir
