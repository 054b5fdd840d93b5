// SPDX-License-Identifier: Apache-2.0
#include "weir/model/json_cursor.h"

#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void JsonCursor::mistake(std::string what) {
  if (!failed_) failed_ = Mistake{std::move(what), at_};
}

Error JsonCursor::error() const {
  Error error;
  error.code = Errc::usage;
  error.message = fmt::format("JSON, byte {}: {}", failed_->at + 1, failed_->what);
  return error;
}

inline void JsonCursor::skip_space() {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (at_ < text_.size() && text_[at_] <= ' ' && is_space(text_[at_])) ++at_;
}

JsonKind JsonCursor::peek() {
  if (failed_) return JsonKind::none;
  skip_space();
  switch (front()) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return front() == '-' || is_digit(front()) ? JsonKind::number : JsonKind::none;
  }
}

std::size_t JsonCursor::position() {
  skip_space();
  return at_;
}

inline bool JsonCursor::take(char wanted) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

inline bool JsonCursor::expect(char wanted) {
  if (take(wanted)) return true;
  mistake(at_ >= text_.size() ? "the text ends too early" : fmt::format("expected '{}'", wanted));
  return false;
}

bool JsonCursor::enter() {
  const auto kind = peek();
  if (kind != JsonKind::object && kind != JsonKind::array) {
    mistake("expected an object or array");
    return false;
  }
  if (depth_ == deepest) {
    mistake(fmt::format("nested more than {} deep", deepest));
    return false;
  }
  open_[depth_] = front();
  has_one_[depth_] = false;
  ++depth_;
  ++at_;
  return true;
}

/// To the next member or item of the innermost level; false at its end, which is read over.
inline bool JsonCursor::next(char closing) {
  if (failed_) return false;
  if (take(closing)) {
    --depth_;
    return false;
  }
  auto& has_one = has_one_[depth_ - 1];
  if (has_one && !expect(',')) return false;
  has_one = true;
  skip_space();
  return true;
}

bool JsonCursor::scan_key(std::string* out) {
  if (!next('}')) return false;
  if (front() != '"') {
    mistake(at_ >= text_.size() ? "the text ends too early" : "expected a key");
    return false;
  }
  return scan_string(out) && expect(':');
}

bool JsonCursor::next_key(std::string& key) {
  key.clear();
  return scan_key(&key);
}

bool JsonCursor::next_item() { return next(']'); }

JsonSpan JsonCursor::skip() {
  skip_space();
  const auto begin = at_;
  const auto level = depth_;
  do {
    if (depth_ > level && !(open_[depth_ - 1] == '{' ? scan_key(nullptr) : next_item())) continue;
    skip_space();
    if (front() == '"') {
      scan_string(nullptr);
    } else if (front() == '{' || front() == '[') {
      enter();
    } else {
      scan_scalar();
    }
  } while (!failed_ && depth_ > level);
  return {begin, at_};
}

bool JsonCursor::scan_scalar() {
  switch (peek()) {
    case JsonKind::string:
      return scan_string(nullptr);
    case JsonKind::number:
      return scan_number();
    case JsonKind::boolean:
      return scan_word(front() == 't' ? "true" : "false");
    case JsonKind::null:
      return scan_word("null");
    default:
      mistake(at_ >= text_.size() ? "the text ends too early" : "expected a value");
      return false;
  }
}

bool JsonCursor::scan_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) {
    mistake("expected a value");
    return false;
  }
  at_ += word.size();
  return true;
}

bool JsonCursor::scan_number() {
  const auto digits = [&] {
    const auto first = at_;
    while (is_digit(front())) ++at_;
    if (at_ == first) mistake("expected a digit");
    return !failed_;
  };
  if (front() == '-') ++at_;
  const bool zero = front() == '0';
  const auto first = at_;
  if (!digits()) return false;
  if (zero && at_ > first + 1) mistake("a number with leading zeros");
  if (front() == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (front() == 'e' || front() == 'E') {
    ++at_;
    if (front() == '+' || front() == '-') ++at_;
    if (!digits()) return false;
  }
  return !failed_;
}

std::int64_t JsonCursor::integer() {
  if (peek() != JsonKind::number) {
    mistake("expected a number");
    return 0;
  }
  const auto first = at_;
  if (!scan_number()) return 0;
  const auto number = to_number<std::int64_t>(text_.substr(first, at_ - first));
  if (!number) mistake("expected a whole number of 64 bits");
  return number.value_or(0);
}

bool JsonCursor::finish() {
  skip_space();
  if (at_ < text_.size()) mistake("something stands behind the value");
  return !failed_;
}

}  // namespace weir
