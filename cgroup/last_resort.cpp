// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/time.h>
#include <unistd.h>

#include "weir/cgroup/hook_process.h"

namespace weir {
namespace {

/// What the signal handler finds: one of two places, so that it never sees a half-written one.
std::array<LastResort::Answer, 2> answers;
std::atomic<const LastResort::Answer*> current{nullptr};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Only what signal-safety(7) allows.
void time_is_over(int) {
  const auto* answer = current.load();
  if (!answer) return;
  write_all(STDOUT_FILENO, answer->output);
  write_all(STDERR_FILENO, answer->line);
  ::_exit(answer->status);
}

void set_timer(std::chrono::milliseconds after) {
  itimerval timer{};
  timer.it_value.tv_sec = after.count() / 1000;
  timer.it_value.tv_usec = after.count() % 1000 * 1000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

void LastResort::arm(std::chrono::milliseconds after) {
  struct sigaction action {};
  action.sa_handler = time_is_over;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGALRM, &action, nullptr);
  set_timer(after);
}

void LastResort::set(const Answer& answer) {
  auto& next = answers[current.load() == &answers[0] ? 1 : 0];
  next = answer;
  current.store(&next);
}

void LastResort::disarm() {
  if (!current.load()) return;
  set_timer(std::chrono::milliseconds{0});
  current.store(nullptr);
}

}  // namespace weir
