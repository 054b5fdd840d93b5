// SPDX-License-Identifier: Apache-2.0
// weir-admission-cost CONFIG POOL: what one decision costs in a pool as it is now, and what the
// weight writes cost that follow it; medians in microseconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/session.h"

namespace {

using namespace weir;

constexpr int times = 101;

template <class Act>
long median_us(int rounds, Act act) {
  std::vector<long> samples;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    const auto took = std::chrono::steady_clock::now() - begin;
    samples.push_back(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  }
  std::nth_element(samples.begin(), samples.begin() + rounds / 2, samples.end());
  return samples[static_cast<std::size_t>(rounds / 2)];
}

int fail_with(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Options options;
  options.config = argv[1];
  auto session = open_session(options);
  if (!session) return fail_with(session.error());
  const auto pool = find_pool(session->tree, argv[2]);
  if (!pool) return fail_with(pool.error());
  auto lock = session->run_dir.lock_books();
  if (!lock) return fail_with(lock.error());
  ContainerRecord record{.name = *ContainerName::parse("newcomer")};
  record.memory_request = Bytes{page_size};
  if (const auto first = session->books().ask(*pool, record); !first)
    return fail_with(first.error());
  bool refused = false;
  const auto decision = median_us(times, [&] {
    const auto verdict = session->books().ask(*pool, record);
    refused = refused || !verdict || verdict->refused;
  });
  const auto weights = median_us(
      3, [&] { ignore(settle_weights(*session, *pool), "only its time is of interest"); });
  std::printf("decision %ld weights %ld refused %d\n", decision, weights, refused ? 1 : 0);
  return 0;
}
