// SPDX-License-Identifier: Apache-2.0
/* The least a hook can cost: a static program that reads its input and does nothing. */
#include <unistd.h>

int main(void) {
  char buffer[65536];
  while (read(0, buffer, sizeof buffer) > 0) {
  }
  return 0;
}
