// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/seccomp.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/base/unique_fd.h"

namespace weir {
namespace {

using Kind = SeccompAction::Kind;
using Op = SeccompArgument::Op;
using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

std::uint32_t action_of(const SeccompAction& action) {
  switch (action.kind) {
    case Kind::kill_process:
      return SCMP_ACT_KILL_PROCESS;
    case Kind::kill_thread:
      return SCMP_ACT_KILL_THREAD;
    case Kind::trap:
      return SCMP_ACT_TRAP;
    case Kind::error:
      return SCMP_ACT_ERRNO(action.value);
    case Kind::trace:
      return SCMP_ACT_TRACE(action.value);
    case Kind::log:
      return SCMP_ACT_LOG;
    case Kind::allow:
      break;
  }
  return SCMP_ACT_ALLOW;
}

scmp_compare operator_of(Op op) {
  switch (op) {
    case Op::not_equal:
      return SCMP_CMP_NE;
    case Op::less:
      return SCMP_CMP_LT;
    case Op::less_or_equal:
      return SCMP_CMP_LE;
    case Op::equal:
      return SCMP_CMP_EQ;
    case Op::greater_or_equal:
      return SCMP_CMP_GE;
    case Op::greater:
      return SCMP_CMP_GT;
    case Op::masked_equal:
      break;
  }
  return SCMP_CMP_MASKED_EQ;
}

Result<std::uint32_t> architecture_of(std::string_view name) {
  constexpr std::string_view prefix = "SCMP_ARCH_";
  if (name.starts_with(prefix)) {
    std::string plain{name.substr(prefix.size())};
    std::ranges::transform(plain, plain.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (const auto token = seccomp_arch_resolve_name(plain.c_str()); token != 0) return token;
  }
  return fail(Errc::usage, fmt::format("unknown architecture '{}'", printable(name, 60)));
}

Status add_architecture(scmp_filter_ctx filter, std::string_view name) {
  WEIR_TRY(const auto token, architecture_of(name));
  const int rc = seccomp_arch_add(filter, token);
  if (rc < 0 && rc != -EEXIST) return os_fail(-rc, fmt::format("architecture {}", name));
  return {};
}

Status add_architectures(scmp_filter_ctx filter, const SeccompProfile& profile) {
  for (const auto& name : profile.architectures) WEIR_CHECK(add_architecture(filter, name));
  for (const auto& variants : profile.variants) {
    WEIR_TRY(const auto token, architecture_of(variants.architecture));
    if (token != seccomp_arch_native()) continue;
    for (const auto& other : variants.others) WEIR_CHECK(add_architecture(filter, other));
  }
  return {};
}

std::vector<scmp_arg_cmp> comparisons(const SeccompRule& rule) {
  std::vector<scmp_arg_cmp> out;
  for (const auto& argument : rule.arguments)
    out.push_back({argument.index, operator_of(argument.op), argument.value, argument.value_two});
  return out;
}

bool names_an_argument_twice(const SeccompRule& rule) {
  unsigned seen = 0;
  for (const auto& argument : rule.arguments) {
    if ((seen & 1U << argument.index) != 0) return true;
    seen |= 1U << argument.index;
  }
  return false;
}

Status add_call(scmp_filter_ctx filter, const SeccompRule& rule, const std::string& name,
                int number) {
  const auto action = action_of(rule.action);
  const auto compared = comparisons(rule);
  const auto check = [&](int rc) -> Status {
    if (rc == 0 || rc == -EEXIST) return {};
    return os_fail(-rc, fmt::format("rule for {}", name));
  };
  if (!names_an_argument_twice(rule))
    return check(seccomp_rule_add_array(filter, action, number,
                                        static_cast<unsigned>(compared.size()), compared.data()));
  // As runc and crun have it: such comparisons stand for a rule each, and any of them will do.
  for (const auto& one : compared)
    WEIR_CHECK(check(seccomp_rule_add_array(filter, action, number, 1, &one)));
  return {};
}

Status add_rule(scmp_filter_ctx filter, const SeccompProfile& profile, const SeccompRule& rule) {
  if (rule.action == profile.default_action) return {};  // libseccomp refuses what says nothing
  for (const auto& name : rule.names) {
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number != __NR_SCMP_ERROR) {
      WEIR_CHECK(add_call(filter, rule, name, number));
      continue;
    }
    if (rule.action.kind < profile.default_action.kind)
      return fail(Errc::usage, fmt::format("unknown system call '{}'", printable(name, 60)));
  }
  return {};
}

/// libseccomp 2.5 exports to a file only.
Result<std::vector<std::uint64_t>> program_of(scmp_filter_ctx filter) {
  static_assert(sizeof(sock_filter) == sizeof(std::uint64_t));
  const UniqueFd fd{::memfd_create("seccomp", MFD_CLOEXEC)};
  if (!fd) return os_fail(errno, "memory for the system call filter");
  if (const int rc = seccomp_export_bpf(filter, fd.get()); rc < 0)
    return os_fail(-rc, "system call filter");
  const auto size = ::lseek(fd.get(), 0, SEEK_END);
  std::vector<std::uint64_t> out(static_cast<std::size_t>(std::max<off_t>(size, 0)) /
                                 sizeof(std::uint64_t));
  const auto bytes = out.size() * sizeof(std::uint64_t);
  if (::pread(fd.get(), out.data(), bytes, 0) != static_cast<ssize_t>(bytes))
    return os_fail(errno, "system call filter");
  if (out.empty() || out.size() > BPF_MAXINSNS)
    return fail(Errc::usage, fmt::format("the filter has {} instructions, the kernel takes {}",
                                         out.size(), BPF_MAXINSNS));
  return out;
}

std::string_view architecture_name() {
  switch (seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
      return "amd64";
    case SCMP_ARCH_X86:
      return "386";
    case SCMP_ARCH_AARCH64:
      return "arm64";
    case SCMP_ARCH_ARM:
      return "arm";
    case SCMP_ARCH_PPC64LE:
      return "ppc64le";
    case SCMP_ARCH_S390X:
      return "s390x";
    case SCMP_ARCH_RISCV64:
      return "riscv64";
    default:
      return "other";
  }
}

}  // namespace

Result<SeccompFilter> compile(const SeccompProfile& profile) {
  const Context filter{seccomp_init(action_of(profile.default_action)), seccomp_release};
  if (!filter) return fail(Errc::usage, "the default action is not possible here");
  WEIR_CHECK(add_architectures(filter.get(), profile));
  // Rules for what an architecture does not have are left out of it; a tree of comparisons instead
  // of a list is several times faster.
  if (const int rc = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2); rc < 0)
    return os_fail(-rc, "system call filter");
  for (const auto& rule : profile.rules) WEIR_CHECK(add_rule(filter.get(), profile, rule));
  SeccompFilter out;
  WEIR_TRY(out.program, program_of(filter.get()));
  if (profile.log) out.flags |= SECCOMP_FILTER_FLAG_LOG;
  if (profile.allow_speculation) out.flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return out;
}

int load(const SeccompFilter& filter) {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(filter.program.size());
  program.filter =
      reinterpret_cast<sock_filter*>(const_cast<std::uint64_t*>(filter.program.data()));
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program) == 0 ? 0 : errno;
}

Machine this_machine() {
  Machine out;
  out.architecture = architecture_name();
  utsname names{};
  if (::uname(&names) < 0) return out;
  const std::string_view release{names.release};
  const auto dot = release.find('.');
  out.kernel_major = to_number<int>(release.substr(0, dot)).value_or(0);
  if (dot == std::string_view::npos) return out;
  const auto minor = release.substr(dot + 1);
  out.kernel_minor =
      to_number<int>(minor.substr(0, minor.find_first_not_of("0123456789"))).value_or(0);
  return out;
}

}  // namespace weir
