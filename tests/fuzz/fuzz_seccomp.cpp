// SPDX-License-Identifier: Apache-2.0
// Profiles that anybody may hand to `weir run --seccomp`: an error of one line, or a profile within
// its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/config/seccomp.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = weir::parse_seccomp(text, {size % 2 == 0, "amd64", 6, 1});
  if (!profile) {
    require(profile.error().code == weir::Errc::usage);
    require(profile.error().message.size() < 1000);
    require(profile.error().message.find('\n') == std::string::npos);
    return 0;
  }
  for (const auto& rule : profile->rules) {
    require(!rule.names.empty() && rule.action.value <= 4095);
    for (const auto& argument : rule.arguments) require(argument.index <= 5);
  }
  return 0;
}
