// SPDX-License-Identifier: Apache-2.0
#include "weir/base/result.h"

#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace weir {

std::string_view code_name(Errc code) {
  switch (code) {
    case Errc::failed:
      return "failed";
    case Errc::usage:
      return "usage";
    case Errc::config:
      return "config";
    case Errc::unsupported:
      return "unsupported";
    case Errc::no_capacity:
      return "no-capacity";
    case Errc::denied:
      return "denied";
    case Errc::not_found:
      return "not-found";
    case Errc::conflict:
      return "conflict";
  }
  return "failed";
}

Error Error::with(std::string_view doing) && {
  message = message.empty() ? std::string{doing} : fmt::format("{}: {}", doing, message);
  return std::move(*this);
}

Error Error::with_hint(std::string_view what_to_do) && {
  if (hint.empty()) hint = what_to_do;
  return std::move(*this);
}

tl::unexpected<Error> fail(Errc code, std::string message, std::string hint) {
  return tl::unexpected<Error>(Error{code, 0, std::move(message), std::move(hint), {}});
}

Error os_error(int sys, std::string_view what) {
  return Error{
      Errc::failed, sys, fmt::format("{}: {}", what, std::generic_category().message(sys)), {}, {}};
}

tl::unexpected<Error> os_fail(int sys, std::string_view what) {
  return tl::unexpected<Error>(os_error(sys, what));
}

}  // namespace weir
