// SPDX-License-Identifier: Apache-2.0
// A system call filter as the OCI runtime specification describes it (config-linux.md, Seccomp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct SeccompAction {
  enum class Kind { kill_process, kill_thread, trap, error, trace, log, allow };
  Kind kind = Kind::allow;
  std::uint16_t value = 0;  ///< error: the errno; trace: what the tracer is told
  auto operator<=>(const SeccompAction&) const = default;
};

struct SeccompArgument {
  enum class Op {
    not_equal,
    less,
    less_or_equal,
    equal,
    greater_or_equal,
    greater,
    masked_equal,  ///< (argument & value) == value_two
  };
  unsigned index = 0;  ///< 0 to 5
  Op op = Op::equal;
  std::uint64_t value = 0, value_two = 0;
};

struct SeccompRule {
  std::vector<std::string> names;
  SeccompAction action;
  std::vector<SeccompArgument> arguments;  ///< all of them must hold
};

struct SeccompProfile {
  SeccompAction default_action;
  /// "SCMP_ARCH_X86_64", beside the machine's own; what each also stands for is in `variants`.
  std::vector<std::string> architectures;
  struct Variants {
    std::string architecture;
    std::vector<std::string> others;
  };
  std::vector<Variants> variants;  ///< archMap: of the machine's own architecture they are added
  bool log = false;                ///< SECCOMP_FILTER_FLAG_LOG
  bool allow_speculation = false;  ///< SECCOMP_FILTER_FLAG_SPEC_ALLOW
  std::vector<SeccompRule> rules;
};

}  // namespace weir
