// SPDX-License-Identifier: Apache-2.0
// Errors as values: what every fallible function in weir returns.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace weir {

/// What the caller can do about an error. One code for each exit status of the
/// command line, so that the translation is a table and not a judgement.
enum class Errc {
  failed,       ///< the kernel or a peer refused
  usage,        ///< the request itself is malformed
  config,       ///< weir.toml is wrong
  unsupported,  ///< this host cannot do it
  no_capacity,  ///< not now, or never
  denied,       ///< not allowed
  not_found,    ///< no such pool, container or ticket
  conflict,     ///< exists, in use, busy, or somebody else's
};

/// The name printed between "weir: " and the context, such as "no-capacity".
std::string_view code_name(Errc code);

/// An error that grows outward: the innermost fact stands last in `message`.
struct [[nodiscard]] Error {
  Errc code = Errc::failed;
  int sys = 0;          ///< errno where a system call failed, else 0
  std::string message;  ///< what, where and why, on one line
  std::string hint;     ///< what to do about it; may be empty
  std::string
      details;  ///< lines shown before the error, such as every mistake of a file; may be empty

  /// The same error with what was being done put in front of its message.
  Error with(std::string_view doing) &&;
  /// The same error with a remedy; an existing remedy, which is nearer to the cause, stays.
  Error with_hint(std::string_view what_to_do) &&;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// An error without errno, ready to be returned.
tl::unexpected<Error> fail(Errc code, std::string message, std::string hint = {});

/// An error from errno `sys`, with `what` (the call, the file, the value) in front of its text.
tl::unexpected<Error> os_fail(int sys, std::string_view what);

/// The same as os_fail, not yet wrapped.
Error os_error(int sys, std::string_view what);

/// Hands the error of a failed result on.
template <class T>
tl::unexpected<Error> pass(Result<T>&& failed) {
  return tl::unexpected<Error>(std::move(failed).error());
}

/// Ignores a result on purpose; `why` is for the reader.
template <class T>
void ignore(const Result<T>& result, std::string_view why) {
  static_cast<void>(result);
  static_cast<void>(why);
}

// Two statements that read as one: leave the function with the error, or go on with the value.
#define WEIR_JOIN2(a, b) a##b
#define WEIR_JOIN(a, b) WEIR_JOIN2(a, b)
#define WEIR_TRY_IMPL(tmp, decl, expr)                                    \
  auto tmp = (expr);                                                      \
  if (!tmp) return tl::unexpected<::weir::Error>(std::move(tmp).error()); \
  decl = std::move(*tmp)
#define WEIR_TRY(decl, expr) WEIR_TRY_IMPL(WEIR_JOIN(weir_try_, __LINE__), decl, expr)
#define WEIR_CHECK(expr)                                                    \
  do {                                                                      \
    if (auto weir_status = (expr); !weir_status)                            \
      return tl::unexpected<::weir::Error>(std::move(weir_status).error()); \
  } while (false)

}  // namespace weir
