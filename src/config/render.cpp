// SPDX-License-Identifier: Apache-2.0
#include "weir/config/render.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <vector>

#include "weir/base/text.h"

namespace weir {
namespace {

/// Columns of a long line that are shown, and how many of them before the caret.
constexpr std::size_t window = 120;
constexpr std::size_t before_caret = 80;
constexpr std::size_t longest_message = 2000;

/// One code point as it is shown.
struct Cell {
  std::string shown;
  std::size_t width = 1;
};

struct WideRange {
  char32_t first, last;
};

/// East Asian wide and the usual pictographs; good enough to put a caret.
bool is_wide(char32_t c) {
  constexpr WideRange wide[] = {{0x1100, 0x115F},  {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF},
                                {0x20000, 0x3FFFD}};
  return std::ranges::any_of(wide, [c](auto r) { return c >= r.first && c <= r.last; });
}

bool is_combining(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F);
}

/// Marks that reorder the text around them: a line must be shown as it is stored.
bool is_bidirectional(char32_t c) {
  return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

/// `sequence` is one valid UTF-8 sequence.
char32_t decode(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  char32_t out = byte(0) & (0x7FU >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) out = out << 6U | (byte(i) & 0x3FU);
  return out;
}

Cell cell_of(std::string_view sequence, bool valid) {
  if (sequence == "\t") return {"\t", 1};
  auto shown = printable(sequence);
  if (!valid || shown != sequence) return {shown, shown.size()};
  const auto point = decode(sequence);
  if (is_bidirectional(point)) {
    shown = fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
    return {shown, shown.size()};
  }
  return {shown, is_combining(point) ? std::size_t{0} : is_wide(point) ? 2U : 1U};
}

/// A line, and which of its cells the caret stands under.
struct Shown {
  std::vector<Cell> cells;
  std::size_t caret = 0;
};

Shown cells_of(std::string_view line, std::size_t column) {
  Shown out;
  std::size_t at = 0;
  while (at < line.size()) {
    const auto rest = line.substr(at);
    const auto length = utf8_length(rest);
    if (at + std::max<std::size_t>(length, 1) < column) out.caret = out.cells.size() + 1;
    out.cells.push_back(cell_of(rest.substr(0, std::max<std::size_t>(length, 1)), length != 0));
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

/// Keeps what stands around the caret; a tab has no fixed width there and becomes a space.
void cut(Shown& line) {
  std::size_t total = 0;
  for (const auto& cell : line.cells) total += cell.width;
  if (total <= window) return;
  for (auto& cell : line.cells)
    if (cell.shown == "\t") cell.shown = " ";
  auto& cells = line.cells;
  std::size_t first = line.caret;
  for (std::size_t width = 0; first > 0; --first) {
    width += cells[first - 1].width;
    if (width > before_caret) break;
  }
  std::size_t last = first;
  for (std::size_t width = 0; last < cells.size(); ++last) {
    width += cells[last].width;
    if (width > window) break;
  }
  if (last < cells.size()) {
    cells.resize(last);
    cells.push_back({"...", 3});
  }
  if (first == 0) return;
  cells.erase(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(first));
  cells.insert(cells.begin(), {"...", 3});
  line.caret = line.caret - first + 1;
}

std::string line_and_caret(std::string_view line, std::size_t column) {
  auto shown = cells_of(line, column);
  cut(shown);
  std::string text, below;
  for (std::size_t i = 0; i < shown.cells.size(); ++i) {
    const auto& cell = shown.cells[i];
    text += cell.shown;
    if (i < shown.caret) below += cell.shown == "\t" ? "\t" : std::string(cell.width, ' ');
  }
  return fmt::format("{}\n{}^\n", text, below);
}

std::optional<std::string_view> line_at(std::string_view text, std::uint32_t line) {
  for (std::uint32_t i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  if (text.empty()) return std::nullopt;
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (line == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

}  // namespace

std::string render(const Config& config, const Diagnostic& diagnostic) {
  const auto& at = diagnostic.at;
  const auto* file = at.file < config.files.size() ? &config.files[at.file] : nullptr;
  auto out = fmt::format("{}:{}:{}: {}{}\n", file != nullptr ? printable(file->path, 4096) : "?",
                         at.line, at.column, diagnostic.warning ? "warning: " : "",
                         printable(diagnostic.message, longest_message));
  if (file != nullptr)
    if (const auto line = line_at(file->text, at.line)) out += line_and_caret(*line, at.column);
  if (!diagnostic.hint.empty())
    out += fmt::format("hint: {}\n", printable(diagnostic.hint, longest_message));
  return out;
}

}  // namespace weir
