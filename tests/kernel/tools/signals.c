// SPDX-License-Identifier: Apache-2.0
// Says "ready", then the number of each signal as it arrives; ends some time after the first SIGTERM or SIGQUIT.
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  puts("ready");
  fflush(stdout);
  int ending = 0;
  const struct timespec drain = {0, 700000000}, forever = {600, 0};
  for (;;) {
    const int signal = sigtimedwait(&all, NULL, ending ? &drain : &forever);
    if (signal < 0) return ending ? 0 : 1;
    if (signal == SIGCHLD || signal == SIGWINCH) continue;
    printf("%d\n", signal);
    fflush(stdout);
    if (signal == SIGTERM || signal == SIGQUIT) ending = 1;
  }
}
