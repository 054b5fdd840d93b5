// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/claims.h"

#include <thread>

namespace weir {
namespace {

constexpr std::chrono::milliseconds nap{10};

}  // namespace

Result<FileLock> claim_soon(const RunDir& run_dir, std::string_view work,
                            std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto lock = run_dir.claim(work);
    if (lock || lock.error().code != Errc::conflict || std::chrono::steady_clock::now() > deadline)
      return lock;
    std::this_thread::sleep_for(nap);
  }
}

bool is_claimed(const RunDir& run_dir, std::string_view work) {
  const auto lock = run_dir.claim(work);
  return !lock && lock.error().code == Errc::conflict;
}

}  // namespace weir
