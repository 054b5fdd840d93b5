// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/seccomp.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/config/seccomp.h"

namespace weir {
namespace {

SeccompContext context_of(bool privileged) {
  const auto machine = this_machine();
  return {privileged, machine.architecture, machine.kernel_major, machine.kernel_minor};
}

Result<std::string> profile_text(const std::string& choice, SeccompSource source) {
  if (const auto builtin = builtin_seccomp(choice)) return std::string{*builtin};
  const auto trust = source == SeccompSource::pool ? Trust::owner_only : Trust::any;
  WEIR_TRY(auto file, read_config_file(choice, trust));
  return std::move(file.text);
}

Result<SeccompFilter> compiled(const std::string& choice, SeccompSource source, bool privileged) {
  WEIR_TRY(const auto text, profile_text(choice, source));
  WEIR_TRY(const auto profile, parse_seccomp(text, context_of(privileged)));
  return compile(profile);
}

}  // namespace

Result<std::optional<SeccompFilter>> seccomp_filter(const std::string& choice, SeccompSource source,
                                                    bool privileged) {
  if (choice == "none") return std::optional<SeccompFilter>{};
  auto filter = compiled(choice, source, privileged);
  if (filter) return std::optional{std::move(*filter)};
  auto error =
      std::move(filter).error().with(fmt::format("seccomp profile {}", printable(choice, 200)));
  error.code = source == SeccompSource::pool ? Errc::config : Errc::usage;
  if (error.sys == ENOENT) error.hint = "none, default, strict, or a file in the OCI format";
  return tl::unexpected(std::move(error));
}

}  // namespace weir
