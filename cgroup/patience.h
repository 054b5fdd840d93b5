// SPDX-License-Identifier: Apache-2.0
// Waiting for what somebody else does soon and does not report.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace weir {

/// Calls `done` until it is true, for at most `patience`; less and less often, up to every 20 ms.
template <class Done>
bool soon(std::chrono::milliseconds patience, Done done) {
  using std::chrono::microseconds;
  constexpr microseconds longest_nap{20'000};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (microseconds nap{500};; nap = std::min(nap * 3 / 2, longest_nap)) {
    if (done()) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(nap);
  }
}

}  // namespace weir
