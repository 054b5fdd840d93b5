// SPDX-License-Identifier: Apache-2.0
// What the hook books, and what becomes of it; cgroups that runtimes make; and the wrapper's
// command lines.
#include "weir/runtime/hook.h"

#include <cerrno>
#include <doctest/doctest.h>

#include "weir/model/json_cursor.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/hook_install.h"
#include "weir/runtime/prepare.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

const std::string pools = R"(
[host]
default_pool = "ci"
[pool.ci]
memory = { limit = "1GiB" }
[pool.batch]
)";

/// A machine with these pools applied.
struct Machine {
  FakeKernel kernel;
  TempDir run;
  Session session = session_on(kernel, pools, run);
  HookRules rules;
  Machine() {
    REQUIRE(apply(session, Evict::no));
    rules = make_hook_rules(session);
  }

  Placement placement(const std::string& leaf, std::int64_t memory) const {
    OciConfig config;
    config.memory_limit = memory;
    auto placed = place_in(rules, 0, config, *CgroupsPath::parse("/m/" + leaf), {});
    REQUIRE(placed);
    placed->record.runtime.id = leaf;
    return std::move(*placed);
  }
  Status book(const std::string& leaf, std::int64_t memory,
              std::optional<CgroupPath> inside = std::nullopt) {
    return book_on(kernel, leaf, memory, std::move(inside));
  }
  Status book_on(CgroupIo& io, const std::string& leaf, std::int64_t memory,
                 std::optional<CgroupPath> inside = std::nullopt) {
    Deadline deadline(hook_patience);
    return book_container(io, rules, session.run_dir, placement(leaf, memory),
                          {identity_of_self(), std::move(inside)}, deadline);
  }
  CgroupPath appear(const std::string& leaf) {
    const auto path = *rules.tree.pools[0].path.child(leaf);
    REQUIRE(kernel.make(path));
    REQUIRE(kernel.spawn(path));
    return path;
  }
  std::optional<ContainerRecord> record(const CgroupPath& path) {
    const auto text = kernel.attribute(path, attribute::container);
    if (!text || !*text) return std::nullopt;
    return *ContainerRecord::parse(**text);
  }
  Result<AdoptionReport> adopt_all() {
    auto lock = session.run_dir.lock_books();
    REQUIRE(lock);
    return adopt(session);
  }
};

constexpr std::int64_t mib = std::int64_t{1} << 20;

}  // namespace

TEST_CASE("hook: what is booked counts before its cgroup is there") {
  Machine machine;
  REQUIRE(machine.book("one", 600 * mib));
  const auto second = machine.book("two", 600 * mib);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::no_capacity);
  CHECK(machine.book("one", 600 * mib));  // the same container is asked for again
}

TEST_CASE("hook: a booked container that appears has the record it was booked with") {
  Machine machine;
  REQUIRE(machine.book("one", 600 * mib));
  const auto path = machine.appear("one");
  const auto adopted = machine.adopt_all();
  REQUIRE(adopted);
  REQUIRE(adopted->adopted.size() == 1);
  CHECK_FALSE(adopted->adopted.front().over);
  const auto record = machine.record(path);
  REQUIRE(record);
  CHECK(record->memory_limit == Bytes{600 * mib});
  CHECK(record->runtime.id == "one");
  CHECK_FALSE(machine.book("two", 600 * mib));
}

TEST_CASE("hook: inside a container of weir run the first takes over what that had booked") {
  Machine machine;
  const auto outer = machine.appear("outer.scope");
  ContainerRecord record{.name = *ContainerName::parse("outer")};
  record.memory_limit = Bytes{800 * mib};
  {
    auto lock = machine.session.run_dir.lock_books();
    REQUIRE(lock);
    Books books(machine.kernel, machine.rules.tree, machine.session.run_dir);
    REQUIRE(books.enter(0, outer, record));
  }
  CHECK_FALSE(machine.book("elsewhere", 800 * mib));
  CHECK(machine.record(outer)->memory_reserved() == Bytes{800 * mib});
  REQUIRE(machine.book("inner", 800 * mib, outer));
  CHECK(machine.record(outer)->memory_reserved() == Bytes{0});
  CHECK_FALSE(machine.book("again", 800 * mib, outer));
}

TEST_CASE(
    "hook: whichever change of a booking fails or is the last, it is booked once or not at all") {
  std::size_t broken = 0;
  for (const int error : {0, EBUSY, ENOENT, EACCES, ENOSPC, EIO, ENODEV, EINTR, ENOMEM})
    for (std::size_t n = 1;; ++n) {
      CAPTURE(n);
      CAPTURE(error);
      Machine machine;
      FaultyIo io(machine.kernel, {.at = n, .error = error, .dies = error == 0});
      try {
        ignore(machine.book_on(io, "one", 600 * mib), "what it left is what counts");
      } catch (const Died&) {
      }
      if (io.broken().empty()) break;
      ++broken;
      // Its holder lives: where it is booked it may be asked for again, and keeps the next one out.
      const bool other = machine.book("two", 600 * mib).has_value();
      CHECK(machine.book("one", 600 * mib).has_value() != other);
      const auto drift = verify(machine.session, false);
      REQUIRE(drift.has_value());
      for (const auto& entry : *drift) CHECK_MESSAGE(entry.file != "weir.books", entry.wanted);
    }
  CHECK(broken >= 9);
}

TEST_CASE("adoption: a leaf without a booking gets its record from its files") {
  Machine machine;
  const auto path = machine.appear("libpod-0123");
  REQUIRE(machine.kernel.write(path, "memory.max", "104857600"));
  machine.session.tree.pools[0].spec.container.memory_request = Bytes{64 * mib};
  REQUIRE(machine.adopt_all());
  auto record = machine.record(path);
  REQUIRE(record);
  CHECK(record->name.str() == "libpod-0123");
  CHECK(record->runtime.id == "0123");
  CHECK(record->memory_limit == Bytes{100 * mib});
  CHECK(record->memory_reserved() == Bytes{64 * mib});
  CHECK(*machine.kernel.read(path, "memory.low") == "67108864\n");
  REQUIRE(machine.kernel.write(path, "memory.max", "52428800"));
  REQUIRE(machine.adopt_all());
  record = machine.record(path);
  CHECK(record->memory_limit == Bytes{50 * mib});
  CHECK(record->memory_reserved() == Bytes{50 * mib});
  const auto drift = verify(machine.session, false);
  REQUIRE(drift);
  CHECK(drift->empty());
}

TEST_CASE("adoption: an empty cgroup, a slice, and what lies elsewhere stay as they are") {
  Machine machine;
  const auto empty = *machine.rules.tree.pools[0].path.child("empty");
  const auto beside = *machine.rules.tree.top.child("beside");
  REQUIRE(machine.kernel.make(empty));
  REQUIRE(machine.kernel.make(beside));
  REQUIRE(machine.kernel.spawn(beside));
  const auto before = machine.kernel.dump();
  const auto adopted = machine.adopt_all();
  REQUIRE(adopted);
  CHECK_FALSE(adopted->anything());
  CHECK(machine.kernel.dump() == before);
}

TEST_CASE("adoption: what does not fit runs and is a warning") {
  Machine machine;
  for (const auto* leaf : {"one", "two"})
    REQUIRE(machine.kernel.write(machine.appear(leaf), "memory.max", "838860800"));
  machine.session.tree.pools[0].spec.container.memory_request = Bytes{700 * mib};
  const auto adopted = machine.adopt_all();
  REQUIRE(adopted);
  REQUIRE(adopted->adopted.size() == 2);
  CHECK_FALSE(adopted->adopted.front().over);
  CHECK(adopted->adopted.back().over);
  const auto& warnings = machine.session.warnings;
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].find("adopted as container") != std::string::npos);
  CHECK(warnings[0].find("runs without room") == std::string::npos);
  CHECK(warnings[1].find("runs without room") != std::string::npos);
}

TEST_CASE("weir-runtime: the command lines of runc and crun") {
  const auto read = [](std::vector<std::string> argv) {
    argv.insert(argv.begin(), "weir-runtime");
    return *parse_runtime_call(argv);
  };
  auto call = read({"--root", "/run/r", "--log=/l", "--log-format", "json", "--pool", "ci",
                    "create", "--bundle", "/b", "--pid-file", "/p", "c1"});
  CHECK(call.pool == "ci");
  CHECK(call.command == "create");
  CHECK(call.bundle == "/b");
  CHECK(call.id == "c1");
  CHECK(call.log == "/l");
  CHECK(call.log_is_json);
  CHECK(call.argv == std::vector<std::string>{"weir-runtime", "--root", "/run/r", "--log=/l",
                                              "--log-format", "json", "create", "--bundle", "/b",
                                              "--pid-file", "/p", "c1"});
  call =
      read({"--pool=ci", "--systemd-cgroup", "run", "-d", "-b/x", "--console-socket", "run", "c2"});
  CHECK(call.bundle == "/x");
  CHECK(call.id == "c2");
  CHECK(call.systemd_cgroup);
  call = read({"exec", "c3", "sh", "--pool", "x"});
  CHECK(call.command == "exec");
  CHECK_FALSE(call.pool);
  CHECK(call.argv.size() == 6);
  call = read({"--cgroup-manager=systemd", "create", "-f", "/c.json", "--", "-odd"});
  CHECK(call.config == "/c.json");
  CHECK(call.id == "-odd");
  CHECK(read({}).command.empty());
  CHECK_FALSE(parse_runtime_call({"weir-runtime", "--pool"}));
  CHECK_FALSE(parse_runtime_call({"weir-runtime", "--pool=", "run"}));
}

TEST_CASE("weir-hook: the stages by name") {
  for (const auto* name : {"precreate", "prestart", "createRuntime", "poststart", "poststop"})
    CHECK(to_text(*hook_stage_named(name)) == name);
  for (const auto* none : {"", "createContainer", "Precreate"}) CHECK_FALSE(hook_stage_named(none));
}

TEST_CASE("hook install: podman gets a time limit above the longest wait, and closed said twice") {
  HookInstallation installation;
  installation.dir = "/hooks";
  installation.program = "/usr/libexec/weir/weir-hook";
  installation.spec.max_wait = std::chrono::milliseconds{1500};
  auto files = podman_hook_files(installation);
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == "/hooks/weir-precreate.json");
  CHECK(files[0].text.find("\"timeout\": 7\n") != std::string::npos);
  CHECK(files[0].text.find("\"stages\": [\"precreate\"]") != std::string::npos);
  CHECK(files[0].text.find("\"args\": [\"weir-hook\", \"precreate\"]") != std::string::npos);
  CHECK(files[1].text.find("\"stages\": [\"poststop\"]") != std::string::npos);
  installation.spec.on_error = OnError::closed;
  installation.run_dir = "/run/other";
  installation.second_line = true;
  files = podman_hook_files(installation);
  REQUIRE(files.size() == 3);
  CHECK(files[2].text.find("\"args\": [\"weir-hook\", \"createRuntime\", \"--run-dir\", "
                           "\"/run/other\", \"--on-error\", \"closed\"]") != std::string::npos);
  for (const auto& file : files) {
    JsonCursor cursor(file.text);
    cursor.skip();
    CHECK(cursor.finish());
  }
}

TEST_CASE("hook install: what it writes it removes, and without weir-hook it writes nothing") {
  const TempDir folder;
  HookInstallation installation;
  installation.dir = folder.path() + "/a/b";
  installation.program = folder.path() + "/none";
  CHECK(install_podman_hooks(installation).error().code == Errc::not_found);
  CHECK(uninstall_podman_hooks(installation.dir)->empty());
  installation.program = "/bin/true";
  installation.second_line = true;
  CHECK(install_podman_hooks(installation)->size() == 3);
  installation.second_line = false;
  CHECK(install_podman_hooks(installation)->size() == 2);
  CHECK(uninstall_podman_hooks(installation.dir)->size() == 2);
  CHECK(uninstall_podman_hooks(installation.dir)->empty());
}
