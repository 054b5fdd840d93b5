// SPDX-License-Identifier: Apache-2.0
// What holds for every text and every host.
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "weir/config/example.h"

#include "complete_example.h"
#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

/// Pieces that mean something to a TOML parser: random bytes alone rarely get past the first.
const std::vector<std::string> pieces{"[",          "]",
                                      "[[",         "]]",
                                      "{",          "}",
                                      "=",          "\"",
                                      "'",          "\"\"\"",
                                      "'''",        "\n",
                                      "#",          ".",
                                      ",",          "\\",
                                      "\t",         "\r\n",
                                      "-1",         "1e9",
                                      "true",       "nan",
                                      "0x",         "é",
                                      "pool",       "web",
                                      "cpu",        "limit",
                                      "\xFF",       "\xC3",
                                      "[pool.a]",   "99999999999999999999",
                                      "1979-05-27", std::string(1, '\0')};

std::string mutated(std::string text) {
  const auto times = *rc::gen::inRange(1, 8);
  for (int i = 0; i < times; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, 12);
    const auto& piece = pieces[*rc::gen::inRange<std::size_t>(0, pieces.size())];
    text.replace(at, length, *rc::gen::arbitrary<bool>() ? piece : std::string{});
    if (text.empty()) text = "\n";
  }
  return text;
}

/// Every place is one in the text, and can be shown.
bool places_are_real(const Config& config, const std::vector<Diagnostic>& diagnostics) {
  for (const auto& found : diagnostics) {
    if (found.at.file >= config.files.size()) return false;
    const auto& text = config.files[found.at.file].text;
    const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
    if (found.at.line < 1 || found.at.line > lines || found.at.column < 1) return false;
    if (found.at.column > text.size() + 1 || render(config, found).empty()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("property: no text makes the parser fail, and every mistake has a place in it") {
  const bool passed = rc::check([] {
    const auto parsed = parse(mutated(complete_example));
    RC_ASSERT(places_are_real(parsed.config, parsed.diagnostics));
    const auto resolved = check_config(parsed, machine(8, 32768));
    RC_ASSERT(places_are_real(parsed.config, resolved.diagnostics));
    RC_ASSERT(std::is_sorted(resolved.diagnostics.begin(), resolved.diagnostics.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
  });
  CHECK(passed);
}

TEST_CASE("property: the example of `weir init` fits every host without a word") {
  const bool passed = rc::check([] {
    auto host = machine(*rc::gen::inRange(1, 1025), *rc::gen::inRange(600, 8 * 1024));
    if (*rc::gen::arbitrary<bool>())
      host.memory_total = {
          *rc::gen::inRange<std::int64_t>(std::int64_t{600} << 20, std::int64_t{1} << 45)};
    if (*rc::gen::arbitrary<bool>())
      host.cpu_quota = Cores{*rc::gen::inRange<std::int64_t>(500'000, host.cpu_total().value + 1)};
    const auto text = example_config(host);
    const auto checked = check(text, host);
    RC_LOG() << text << checked.text;
    RC_ASSERT(checked.diagnostics.empty());
    RC_ASSERT(checked.tree.pools.size() == 3U);
    RC_ASSERT(checked.tree.pools[0].cpu.reservation.value > 0);
    RC_ASSERT(checked.tree.pools[1].memory.reservation.value > 0);
  });
  CHECK(passed);
}

TEST_CASE("property: reservations that were accepted fit their parents") {
  const bool passed = rc::check([] {
    std::string text;
    const auto pools = *rc::gen::inRange(1, 12);
    for (int i = 0; i < pools; ++i) {
      text += fmt::format("[pool.p{}]\n", i);
      if (i > 0 && *rc::gen::arbitrary<bool>())
        text += fmt::format("parent = \"p{}\"\n", *rc::gen::inRange(0, i));
      text += fmt::format("cpu.reservation = {}\n",
                          *rc::gen::element<std::string>("0", "0.5", "1", "\"50%\"", "2"));
      text += fmt::format("memory.reservation = \"{}\"\n",
                          *rc::gen::element<std::string>("0", "1GiB", "33%", "100%", "4097"));
    }
    const auto checked = check(text, machine(4, 8192));
    const bool ok = std::ranges::all_of(checked.diagnostics, &Diagnostic::warning);
    RC_PRE(ok);
    const auto& tree = checked.tree;
    std::int64_t cpu = 0, memory = 0;
    for (const auto i : tree.top_pools()) {
      cpu += tree.pools[i].cpu.reservation.value;
      memory += tree.pools[i].memory.reservation.value;
    }
    RC_ASSERT(cpu <= tree.capacity.cpu.value);
    RC_ASSERT(memory <= tree.capacity.memory.value);
    for (const auto& parent : tree.pools) {
      cpu = memory = 0;
      for (const auto i : parent.children) {
        cpu += tree.pools[i].cpu.reservation.value;
        memory += tree.pools[i].memory.reservation.value;
      }
      RC_ASSERT(cpu <= parent.cpu.reservation.value);
      RC_ASSERT(memory <= parent.memory.reservation.value);
      RC_ASSERT(parent.memory.reservation.value % page_size == 0);
    }
  });
  CHECK(passed);
}

TEST_CASE("scale: ten thousand pools are read and resolved without quadratic work") {
  std::string text;
  for (int i = 0; i < 10'000; ++i)
    text += fmt::format("[pool.p{}]\nmemory.limit = \"50%\"\ncpu.shares = 5\n{}\n", i,
                        i > 100 ? fmt::format("parent = \"p{}\"", i % 100) : "");
  const auto begin = std::chrono::steady_clock::now();
  const auto checked = check(text, machine(8, 32768));
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(checked.diagnostics.empty());
  CHECK(checked.tree.pools.size() == 10'000);
  // About 0.2 s; quadratic work would be minutes.
  CHECK(took < std::chrono::seconds{10});
  MESSAGE("10,000 pools: ", std::chrono::duration_cast<std::chrono::milliseconds>(took).count(),
          " ms");
}
