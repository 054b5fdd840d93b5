// SPDX-License-Identifier: Apache-2.0
// The full-screen view. The only place that knows ncurses.
#include <chrono>
#include <memory>
#include <optional>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "weir/runtime/status.h"

#include "commands.h"
#include "top_view.h"

namespace weir::cli {
namespace {

constexpr std::chrono::milliseconds sample{200};
constexpr int between_pictures_ms = 1800;
constexpr auto keys = "q quit   n name   c cpu   m memory   p pressure";

/// The terminal as it was comes back, however this ends.
class Screen {
 public:
  static std::optional<Screen> open() {
    auto* screen = ::newterm(nullptr, stdout, stdin);
    if (!screen) return std::nullopt;
    return Screen(screen);
  }
  /// Lines from `row` on, cut at the edges; returns the row after them.
  static int draw(int row, const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < lines.size() && row < LINES - 1; ++i, ++row) {
      if (i == 0) ::attron(A_BOLD);
      ::mvaddnstr(row, 0, lines[i].c_str(), COLS);
      if (i == 0) ::attroff(A_BOLD);
    }
    return row;
  }
  static void show(const TopView& view) {
    ::erase();
    int row = draw(0, view.head);
    row = draw(row + 1, view.pools);
    draw(row + 1, view.containers);
    if (LINES > 0) ::mvaddnstr(LINES - 1, 0, keys, COLS);
    ::refresh();
  }

 private:
  struct End {
    void operator()(SCREEN* screen) const {
      ::endwin();
      ::delscreen(screen);
    }
  };
  explicit Screen(SCREEN* screen) : screen_(screen) {
    ::cbreak();
    ::noecho();
    ::keypad(::stdscr, TRUE);
    ::curs_set(0);
    ::wtimeout(::stdscr, between_pictures_ms);
  }
  std::unique_ptr<SCREEN, End> screen_;
};

/// False: the user has seen enough.
bool take_key(int key, TopOrder& order) {
  switch (key) {
    case 'n':
      order = TopOrder::name;
      break;
    case 'c':
      order = TopOrder::cpu;
      break;
    case 'm':
      order = TopOrder::memory;
      break;
    case 'p':
      order = TopOrder::pressure;
      break;
    case 'q':
      return false;
    default:  // the time is up, another size, or a key without a meaning: a new picture
      break;
  }
  return true;
}

}  // namespace

Result<int> top_command(const Arguments& args) {
  const auto* hint = "`weir status --watch` prints the same again and again";
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return fail(Errc::usage, "top: needs a terminal", hint);
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(auto now, reclaimed_status(session, sample));
  const auto screen = Screen::open();
  if (!screen) return fail(Errc::usage, "top: this terminal has no full-screen mode (TERM)", hint);
  auto order = TopOrder::cpu;
  do {
    Screen::show(top_view(session.tree, now, order));
    const int key = ::wgetch(::stdscr);
    if (!take_key(key, order)) return 0;
    if (key != KEY_RESIZE) {
      WEIR_TRY(now, reclaimed_status(session, sample));
    }
  } while (true);
}

}  // namespace weir::cli
