// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include "weir/base/text.h"
#include "weir/model/json_cursor.h"

namespace weir {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// How many of eight bytes at the beginning are plain, without looking at each: a byte less than N,
/// for N up to 128, borrows when N is taken from it (Hacker's Delight, 6-1). Above the first that
/// is not plain the borrows tell nothing.
std::size_t plain_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t each = 0x0101010101010101, high = each * 0x80;
  const auto any_below = [](std::uint64_t x, std::uint64_t n) { return (x - each * n) & ~x; };
  const auto special = (bytes | any_below(bytes, 0x20) | any_below(bytes ^ (each * '"'), 1) |
                        any_below(bytes ^ (each * '\\'), 1)) &
                       high;
  return static_cast<std::size_t>(std::countr_zero(special)) / 8;
}

/// How many bytes at the beginning stand for themselves in a string: nearly all that there are.
std::size_t plain_run(std::string_view text) {
  std::size_t length = 0;
  if constexpr (std::endian::native == std::endian::little)
    for (std::uint64_t eight = 0; length + sizeof eight <= text.size();) {
      std::memcpy(&eight, text.data() + length, sizeof eight);
      const auto plain = plain_bytes(eight);
      length += plain;
      if (plain < sizeof eight) return length;
    }
  while (length < text.size() && is_plain(text[length])) ++length;
  return length;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

std::optional<std::uint32_t> JsonCursor::scan_hex4() {
  const auto digits = text_.substr(at_, 4);
  std::uint32_t code = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, code, 16);
  if (digits.size() != 4 || error != std::errc{} || end != last) {
    mistake("\\u wants four hexadecimal digits");
    return std::nullopt;
  }
  at_ += 4;
  return code;
}

bool JsonCursor::scan_escape(std::string* out) {
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  const char letter = front();
  if (at_ < text_.size()) ++at_;
  if (letter != 'u') {
    const auto which = letters.find(letter);
    if (which == std::string_view::npos) mistake("an unknown escape");
    if (out && !failed_) *out += meanings[which];
    return !failed_;
  }
  const auto code = scan_hex4();
  if (!code) return false;
  std::uint32_t whole = *code;
  if (whole >= 0xD800 && whole < 0xE000) {  // half of a pair
    std::optional<std::uint32_t> low;
    if (whole < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      low = scan_hex4();
      if (!low) return false;
    }
    if (!low || *low < 0xDC00 || *low >= 0xE000) {
      mistake("half a surrogate pair");
      return false;
    }
    whole = 0x10000 + ((whole - 0xD800) << 10) + (*low - 0xDC00);
  }
  if (out) append_utf8(*out, whole);
  return true;
}

bool JsonCursor::scan_string(std::string* out) {
  ++at_;  // the quote
  while (at_ < text_.size()) {
    const auto plain = plain_run(text_.substr(at_));
    if (out) out->append(text_, at_, plain);
    at_ += plain;
    if (at_ == text_.size()) break;
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\\') {
      ++at_;
      if (!scan_escape(out)) return false;
      continue;
    }
    const auto length = utf8_length(text_.substr(at_, 4));
    if (static_cast<unsigned char>(c) < 0x20 || length == 0) {
      mistake(length == 0 ? "not UTF-8" : "a control character in a string");
      return false;
    }
    if (out) out->append(text_, at_, length);
    at_ += length;
  }
  mistake("the text ends too early");
  return false;
}

std::string JsonCursor::string() {
  std::string out;
  if (peek() != JsonKind::string)
    mistake("expected a string");
  else
    scan_string(&out);
  return out;
}

}  // namespace weir
