// SPDX-License-Identifier: Apache-2.0
// Random configurations over random trees with containers, strangers and hand-made changes: what
// every plan and every apply must hold to.
#include <doctest/doctest.h>
#include <map>
#include <set>

#include "weir/base/text.h"
#include "weir/cgroup/observe.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"

#include "runtime/fake_session.h"
#include "runtime/random_config.h"
#include "support/fake_kernel.h"

using namespace weir;
using namespace weir::testing;

namespace {

/// Counts what apply does and refuses what it must never do.
class Witness final : public CgroupIo {
 public:
  explicit Witness(FakeKernel& kernel) : kernel_(kernel) {}
  std::set<std::string> strangers;
  int changes = 0;
  int sins = 0;

  Result<std::string> read(const CgroupPath& cgroup, std::string_view file) override {
    return kernel_.read(cgroup, file);
  }
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override {
    touch(cgroup);
    if (file == file::memory_max || file == file::pids_max)
      check_not_below_use(cgroup, file, value);
    return kernel_.write(cgroup, file, value);
  }
  Status make(const CgroupPath& cgroup) override {
    touch(cgroup);
    return kernel_.make(cgroup);
  }
  Status remove(const CgroupPath& cgroup) override {
    touch(cgroup);
    return kernel_.remove(cgroup);
  }
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override {
    return kernel_.children(cgroup);
  }
  bool exists(const CgroupPath& cgroup) override { return kernel_.exists(cgroup); }
  bool has_file(const CgroupPath& cgroup, std::string_view file) override {
    return kernel_.has_file(cgroup, file);
  }
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override {
    return kernel_.attribute(cgroup, name);
  }
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override {
    touch(cgroup);
    return kernel_.set_attribute(cgroup, name, value);
  }
  Result<UniqueFd> directory(const CgroupPath& cgroup) override {
    return kernel_.directory(cgroup);
  }

 private:
  void touch(const CgroupPath& cgroup) {
    ++changes;
    for (const auto& stranger : strangers)
      if (cgroup.is_within(*CgroupPath::parse(stranger))) ++sins;
  }
  void check_not_below_use(const CgroupPath& cgroup, std::string_view file,
                           std::string_view value) {
    const auto usage =
        kernel_.read(cgroup, file == file::memory_max ? file::memory_current : file::pids_current);
    const auto events = kernel_.read(cgroup, file::cgroup_events);
    const auto limit = limit_number(value);
    if (!usage || !events || !limit || flat_value(*events, "populated") == 0U) return;
    if (*parse_count(*usage) > *limit) ++sins;
  }

  FakeKernel& kernel_;
};

std::optional<Session> session_if_valid(CgroupIo& io, const std::string& toml, const TempDir& run) {
  const auto host = fake_host();
  const auto parsed = parse_config({{"weir.toml", toml}});
  if (!parsed.ok() || !check_config(parsed, host).ok()) return std::nullopt;
  return session_on(io, toml, run);
}

void add_container(Session& session, FakeKernel& kernel, Random& random, std::size_t pool,
                   int number) {
  const auto name = *ContainerName::parse("c" + std::to_string(number));
  ContainerRecord record{.name = name};
  if (random.chance(50)) record.memory_limit = Bytes{random.between(64 << 20, 512 << 20)};
  if (random.chance(40)) record.cpu_limit = Cores{random.between(10'000, 2'000'000)};
  if (random.chance(40)) record.cpu_request = Cores{random.between(10'000, 300'000)};
  const auto path = container_path(session.tree, pool, name);
  REQUIRE(path.has_value());
  auto claim = make_leaf(session, Work::make, *path, record, session.tree.pools[pool], 100);
  REQUIRE(claim.has_value());
  claim->done();
  if (random.chance(10)) return;  // ended unwatched
  const auto pid = kernel.spawn(*path);
  REQUIRE(pid.has_value());
  kernel.use_memory(*pid, random.between(0, record.memory_limit ? 60 << 20 : 900 << 20));
}

void add_containers(Session& session, FakeKernel& kernel, Random& random) {
  for (int i = 0; i < random.between(0, 4); ++i) {
    const auto pool = random.below(session.tree.pools.size());
    if (session.tree.pools[pool].children.empty()) add_container(session, kernel, random, pool, i);
  }
}

/// What somebody else does to the tree.
void meddle(Session& session, FakeKernel& kernel, Witness& witness, Random& random) {
  for (int i = 0; i < random.between(0, 4); ++i) {
    const auto& path = session.tree.pools[random.below(session.tree.pools.size())].path;
    static constexpr std::pair<std::string_view, std::string_view> edits[] = {
        {file::cpu_weight, "77"},   {file::memory_low, "12345678"}, {file::memory_max, "max"},
        {file::memory_high, "1G"},  {file::cpu_max, "1000 10000"},  {file::pids_max, "3000"},
        {file::memory_min, "8192"}, {file::memory_swap_max, "0"}};
    const auto& [name, value] = edits[random.below(std::size(edits))];
    ignore(kernel.write(path, name, value), "some pools lack the file");
  }
  if (!random.chance(30)) return;
  const auto& pool = session.tree.pools[random.below(session.tree.pools.size())];
  // A slice is nobody's container: anything else that is populated here would be adopted.
  const auto stranger = pool.path.child(random.chance(50) ? "stranger.slice" : "other.slice");
  REQUIRE(kernel.make(*stranger).has_value());
  witness.strangers.insert(stranger->str());
  if (random.chance(50)) ignore(kernel.spawn(*stranger), "a full pool");
}

/// Where each change of one file stands in the plan.
using Places = std::map<std::string, std::map<CgroupPath, std::size_t>>;

void check_family_order(const Plan& plan) {
  Places raised, lowered;
  for (std::size_t i = 0; i < plan.changes.size(); ++i) {
    const auto& change = plan.changes[i];
    if (change.phase == Phase::raise) raised[change.file][change.cgroup] = i;
    if (change.phase == Phase::lower) lowered[change.file][change.cgroup] = i;
  }
  for (const auto& [name, places] : raised)
    for (const auto& [cgroup, at] : places) {
      CAPTURE(name);
      CAPTURE(cgroup.str());
      // A cgroup that is raised comes after the one above it ...
      if (const auto above = places.find(cgroup.parent()); above != places.end())
        CHECK(above->second < at);
      // ... and, where they share bytes, after those beside it that give some back.
      if (name.starts_with("memory."))
        for (const auto& [other, when] : lowered[name])
          if (other.parent() == cgroup.parent()) CHECK(when < at);
    }
  for (const auto& [name, places] : lowered)
    for (const auto& [cgroup, at] : places)
      if (const auto above = places.find(cgroup.parent()); above != places.end())
        CHECK_MESSAGE(at < above->second, name, " of ", cgroup.str());
}

void check_structure_order(const Plan& plan) {
  std::set<CgroupPath> removed;
  std::set<std::string> made;
  int phase = 0;
  for (const auto& change : plan.changes) {
    if (change.op == Op::make) {
      CHECK(made.insert(change.cgroup.str()).second);
      CHECK(phase <= static_cast<int>(Phase::create));
    }
    if (change.op == Op::remove) {
      for (const auto& other : removed) CHECK(!change.cgroup.is_within(other));
      removed.insert(change.cgroup);
    }
    // What grows behind a shrinker stands behind the lowering phase.
    phase = std::max(phase, change.phase == Phase::raise ? 0 : static_cast<int>(change.phase));
    if (change.op == Op::write) CHECK(!removed.contains(change.cgroup));
  }
}

/// Every file reads as wanted, but for what the plan said it would not touch.
void check_matches(Session& session, const std::vector<Blocked>& blocked) {
  const auto after = plan(session);
  REQUIRE(after.has_value());
  for (const auto& change : after->changes)
    FAIL_CHECK(change.cgroup.str(), "/", change.file, " is '", change.from.value_or("-"),
               "' and should be '", change.to, "'");
  CHECK(after->blocked.size() == blocked.size());
}

void one_case(std::uint64_t seed, int& applied) {
  Random random(seed);
  FakeKernel kernel;
  Witness witness(kernel);
  TempDir run;
  auto first = session_if_valid(witness, random_config(random), run);
  if (!first || first->tree.pools.empty()) return;
  REQUIRE(apply(*first, Evict::no).has_value());
  add_containers(*first, kernel, random);
  meddle(*first, kernel, witness, random);
  auto second =
      random.chance(80) ? session_if_valid(witness, random_config(random), run) : std::move(first);
  if (!second) return;
  const auto wanted = plan(*second);
  REQUIRE(wanted.has_value());
  check_family_order(*wanted);
  check_structure_order(*wanted);
  const auto before = kernel.dump();
  const auto changes = witness.changes;
  const auto report = apply(*second, Evict::no);
  if (!report) {
    CHECK(report.error().code == Errc::conflict);
    CHECK(wanted->conflict() != nullptr);
    CHECK(witness.changes == changes);
    CHECK(kernel.dump() == before);
    return;
  }
  ++applied;
  CHECK(report->plan.changes == wanted->changes);
  CHECK(witness.sins == 0);
  check_matches(*second, report->plan.blocked);
  CHECK(kernel.oom_kills() == 0);
}

}  // namespace

TEST_CASE("every plan is in order, is carried out whole, and leaves nothing to do") {
  const auto cases = property_cases(10);
  int applied = 0;
  for (std::uint64_t seed = 1; seed <= cases; ++seed) {
    CAPTURE(seed);
    one_case(seed, applied);
  }
  // The generator must not waste its time on files that no host can have.
  CHECK(applied * 4 > static_cast<int>(cases));
}

TEST_CASE("what weir did not make is never touched and never killed") {
  const auto cases = property_cases(20);
  for (std::uint64_t seed = 1; seed <= cases; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    FakeKernel kernel;
    Witness witness(kernel);
    TempDir run;
    auto session = session_if_valid(witness, random_config(random), run);
    if (!session || session->tree.pools.empty()) continue;
    REQUIRE(apply(*session, Evict::no).has_value());
    meddle(*session, kernel, witness, random);
    ignore(apply(*session, Evict::kill), "strangers may be in the way");
    auto other = session_if_valid(witness, random_config(random), run);
    if (other) ignore(apply(*other, Evict::kill), "strangers may be in the way");
    ignore(teardown(*session, true), "strangers may be in the way");
    CHECK(witness.sins == 0);
    for (const auto& stranger : witness.strangers)
      CHECK_MESSAGE(kernel.exists(*CgroupPath::parse(stranger)), stranger);
    CHECK(kernel.oom_kills() == 0);
  }
}
