// SPDX-License-Identifier: Apache-2.0
// The words that weir.toml, tables and JSON use for enumerators.
#include "weir/model/config.h"
#include "weir/model/plan.h"

namespace weir {

std::string_view to_text(PolicyKind policy) {
  switch (policy) {
    case PolicyKind::fair:
      return "fair";
    case PolicyKind::drf:
      return "drf";
    case PolicyKind::fifo:
      return "fifo";
    case PolicyKind::round_robin:
      return "round-robin";
    case PolicyKind::priority:
      return "priority";
    case PolicyKind::throughput:
      return "throughput";
    case PolicyKind::latency:
      return "latency";
  }
  return "";
}

std::string_view to_text(Mode mode) { return mode == Mode::dynamic ? "dynamic" : "static"; }

std::string_view to_text(Preempt preempt) {
  switch (preempt) {
    case Preempt::none:
      return "none";
    case Preempt::freeze:
      return "freeze";
    case Preempt::kill:
      return "kill";
  }
  return "";
}

std::string_view to_text(OnError on_error) { return on_error == OnError::open ? "open" : "closed"; }

std::string_view to_text(OomScope oom) { return oom == OomScope::group ? "group" : "process"; }

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::create:
      return "create";
    case Phase::enable:
      return "enable";
    case Phase::raise:
      return "raise";
    case Phase::migrate:
      return "migrate";
    case Phase::lower:
      return "lower";
    case Phase::remove:
      return "remove";
  }
  return "";
}

std::string_view to_text(Op op) {
  switch (op) {
    case Op::make:
      return "make";
    case Op::write:
      return "write";
    case Op::migrate:
      return "migrate";
    case Op::remove:
      return "remove";
  }
  return "";
}

const Blocked* Plan::conflict() const {
  for (const auto& entry : blocked)
    if (entry.conflict) return &entry;
  return nullptr;
}

}  // namespace weir
