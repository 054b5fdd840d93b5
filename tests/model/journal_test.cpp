// SPDX-License-Identifier: Apache-2.0
#include "weir/model/journal.h"

#include <doctest/doctest.h>
#include <string>

using namespace weir;

TEST_CASE("a journal entry comes back as it was written") {
  JournalEntry entry;
  entry.work = Work::move;
  entry.cgroup = *CgroupPath::parse("weir.slice/weir-b.slice/x.scope");
  entry.from = *CgroupPath::parse("weir.slice/weir-a.slice/x.scope");
  entry.stage = MoveStage::taking;
  entry.stays_frozen = true;
  entry.pid = 4711;
  auto back = JournalEntry::parse(entry.str());
  REQUIRE(back.has_value());
  CHECK(*back == entry);
  // Line ends that cover what stood there before.
  CHECK(*JournalEntry::parse(entry.str() + std::string(300, '\n')) == entry);
  const JournalEntry shrink{
      .work = Work::shrink, .cgroup = entry.from, .memory_high = "max", .pid = 1};
  back = JournalEntry::parse(shrink.str());
  REQUIRE(back.has_value());
  CHECK(*back == shrink);
}

TEST_CASE("a hostile journal entry is refused, whatever is in it") {
  const std::string head = "weir 1\nwork move\ncgroup a/b.scope\nfrom c/b.scope\n";
  CHECK(JournalEntry::parse(head).has_value());
  for (const auto& text :
       {std::string{}, std::string{"weir 1\n"}, std::string{"weir 2\nwork make\ncgroup a\n"},
        std::string{"weir 1\nwork make\n"}, std::string{"weir 1\nwork make\ncgroup ../etc\n"},
        std::string{"weir 1\nwork make\ncgroup /\n"}, std::string{"weir 1\nwork dance\ncgroup a\n"},
        std::string{"weir 1\nwork move\ncgroup a\n"}, head + "pid 0\n", head + "pid -1\n",
        head + "pid 99999999999\n", head + "stage leaving\n", head + "memory_high 1e9\n",
        head + "memory_high -1\n", head + "from a/../b\n", head + "cgroup memory.max\n",
        head + std::string(20'000, 'x'), std::string{"weir 1\nwork make\ncgroup a\0b\n", 27}}) {
    CAPTURE(text);
    const auto parsed = JournalEntry::parse(text);
    CHECK_FALSE(parsed.has_value());
    if (!parsed) CHECK(parsed.error().message.size() < 300);
  }
}
