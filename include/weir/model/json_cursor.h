// SPDX-License-Identifier: Apache-2.0
// Reads JSON (RFC 8259) once from front to back, without building anything: the caller walks into
// what it knows and skips the rest, which is checked all the same. Made for a hook that runs at
// every container start and for hostile text: bounded depth, no recursion, strict UTF-8.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

/// Where a value stands in the text.
struct JsonSpan {
  std::size_t begin = 0, end = 0;
};

enum class JsonKind { object, array, string, number, boolean, null, none };

/// The first mistake stays, and after it nothing is read any more: every call says no.
class JsonCursor {
 public:
  static constexpr std::size_t deepest = 64;

  /// `text` must outlive the cursor.
  explicit JsonCursor(std::string_view text) : text_(text) {}

  /// Of the value that comes next.
  JsonKind peek();
  [[nodiscard]] bool at(JsonKind kind) { return peek() == kind; }
  /// Steps into the object or array that comes next.
  bool enter();
  /// The next key of the object that was entered last, unescaped; false at its end.
  bool next_key(std::string& key);
  /// Whether the array that was entered last has another item; false at its end.
  bool next_item();
  /// Reads over any value.
  JsonSpan skip();
  /// A string, unescaped; anything else is a mistake.
  std::string string();
  /// A number without fraction and exponent that fits; anything else is a mistake.
  std::int64_t integer();
  /// Where the value that comes next begins.
  std::size_t position();
  /// Where what was read last ends.
  [[nodiscard]] std::size_t behind() const { return at_; }
  /// True where nothing but white space follows and no mistake was made.
  bool finish();

  void mistake(std::string what);
  [[nodiscard]] bool failed() const { return failed_.has_value(); }
  /// Errc::usage; only after failed().
  [[nodiscard]] Error error() const;

 private:
  struct Mistake {
    std::string what;
    std::size_t at = 0;
  };
  void skip_space();
  [[nodiscard]] char front() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  /// Reads over `wanted` where it is the next letter that is not white space.
  bool take(char wanted);
  bool expect(char wanted);
  bool next(char closing);
  bool scan_key(std::string* out);
  bool scan_string(std::string* out);
  bool scan_escape(std::string* out);
  std::optional<std::uint32_t> scan_hex4();
  bool scan_number();
  bool scan_word(std::string_view word);
  bool scan_scalar();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<char, deepest> open_{};     // the bracket of each level
  std::array<bool, deepest> has_one_{};  // whether something was read in it
  std::optional<Mistake> failed_;
};

/// Finds the keys that matter in one object, and refuses what other readers could take for them: Go
/// matches keys without regard to case, and of two equal keys readers take either.
class JsonKeys {
 public:
  /// At most 32 names.
  explicit JsonKeys(std::span<const std::string_view> names) : names_(names) {}
  /// Index of the name that `key` is; a variant and a second one are mistakes of the cursor.
  std::optional<std::size_t> match(std::string_view key, JsonCursor& cursor);

 private:
  std::span<const std::string_view> names_;
  std::uint32_t seen_ = 0;
};

/// True where a reader that does not regard case, as Go's, takes one for the other.
bool same_key_ignoring_case(std::string_view a, std::string_view b);

/// Puts other text at `where`.
void splice(std::string& text, JsonSpan where, std::string_view with);

/// `text` with the value under `path`, keys from the root downwards, set to `value`, which is JSON.
/// Objects that are missing are made; every other byte stays. Duplicates and case variants on the
/// way are refused.
Result<std::string> json_set(std::string text, std::span<const std::string_view> path,
                             std::string_view value);

/// `text` as a JSON string with its quotes. `text` must be UTF-8.
std::string json_quoted(std::string_view text);

}  // namespace weir
