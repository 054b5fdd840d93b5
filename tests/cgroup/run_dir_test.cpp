// SPDX-License-Identifier: Apache-2.0
// The lock of the books and claims, between processes.
#include "weir/cgroup/run_dir.h"

#include <cerrno>
#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_dir.h"

using namespace weir;
using weir::testing::TempDir;

namespace {

/// Another process that holds what `take` returns until it is killed.
class Holder {
 public:
  template <class Take>
  explicit Holder(Take take) {
    int ready[2];
    REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const auto held = take();
      static_cast<void>(!::write(ready[1], held ? "y" : "n", 1));
      for (;;) ::pause();
    }
    char answer = 'n';
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    REQUIRE(answer == 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { end(); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void end() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

RunDir open(const std::string& path) {
  auto opened = RunDir::open(path);
  REQUIRE(opened.has_value());
  return std::move(*opened);
}

}  // namespace

TEST_CASE("the folder is made, closed to others, and closed again where it was open") {
  const TempDir dir;
  const auto path = dir.at("run");
  open(path);
  CHECK(mode_of(path) == 0755U);
  CHECK(mode_of(path + "/private") == 0700U);
  REQUIRE(::chmod((path + "/private").c_str(), 0777) == 0);
  open(path);
  CHECK(mode_of(path + "/private") == 0700U);
}

TEST_CASE("a symlink or a file in its place is refused") {
  const TempDir dir;
  std::filesystem::create_directory(dir.at("elsewhere"));
  std::filesystem::create_symlink("elsewhere", dir.at("link"));
  CHECK_FALSE(RunDir::open(dir.at("link")).has_value());
  CHECK_FALSE(RunDir::open(dir.file("plain", "")).has_value());
  CHECK(RunDir::open(dir.at("none/run")).error().sys == ENOENT);
  std::filesystem::create_directory(dir.at("run"));
  std::filesystem::create_symlink("/tmp", dir.at("run/private"));
  CHECK_FALSE(RunDir::open(dir.at("run")).has_value());
}

// Only root can give a folder away.
TEST_CASE("a stranger's folder in its place is refused" * doctest::skip(::geteuid() != 0)) {
  const TempDir dir;
  std::filesystem::create_directory(dir.at("alien"));
  REQUIRE(::chown(dir.at("alien").c_str(), 1001, 1001) == 0);
  const auto opened = RunDir::open(dir.at("alien"));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::conflict);
  CHECK(opened.error().message.find("belongs to uid 1001") != std::string::npos);
}

TEST_CASE("a claim is exclusive between processes, names its holder and dies with it") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  Holder holder([&] { return run.claim("apply"); });
  const auto refused = run.claim("apply");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::conflict);
  CHECK(refused.error().message == fmt::format("busy: apply by pid {}", holder.pid()));
  CHECK(run.claim("move-x").has_value());
  holder.end();
  CHECK(run.claim("apply").has_value());
}

TEST_CASE("a claim ends with its scope, also where a child was forked meanwhile") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  pid_t child = -1;
  {
    const auto claim = run.claim("apply");
    REQUIRE(claim.has_value());
    CHECK_FALSE(run.claim("apply").has_value());
    child = ::fork();
    if (child == 0)
      for (;;) ::pause();
  }
  CHECK(run.claim("apply").has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("the lock of the books is waited for, and comes when its holder dies") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  Holder holder([&] { return run.lock_books(); });
  const pid_t killer = ::fork();
  if (killer == 0) {
    ::usleep(200'000);
    ::kill(holder.pid(), SIGKILL);
    ::_exit(0);
  }
  const auto before = std::chrono::steady_clock::now();
  CHECK(run.lock_books().has_value());
  const auto waited = std::chrono::steady_clock::now() - before;
  CHECK(waited > std::chrono::milliseconds{100});
  ::waitpid(killer, nullptr, 0);
}

TEST_CASE("a folder of notes lists all of them, also a second time and where they are many") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  const auto notes = run.folder("many");
  REQUIRE(notes.has_value());
  std::vector<std::string> names;
  for (int i = 100; i < 600; ++i) {
    names.push_back(fmt::format("a-note-with-a-long-name-{}", i));
    REQUIRE(notes->write(names.back(), "x\n").has_value());
  }
  CHECK(notes->names() == names);
  REQUIRE(notes->remove(names.back()).has_value());
  names.pop_back();
  CHECK(notes->names() == names);
}

TEST_CASE("a slot has what was written last, whatever its length") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  const auto slots = run.slots("booked");
  REQUIRE(slots.has_value());
  const auto texts = [&] {
    std::vector<std::pair<std::size_t, std::string>> out;
    const auto notes = slots->read();
    REQUIRE(notes.has_value());
    for (const auto& note : *notes) out.emplace_back(note.slot, note.text);
    return out;
  };
  CHECK(texts().empty());
  const std::string longest(NoteSlots::longest, 'x');
  REQUIRE(slots->write(2, longest).has_value());
  for (const auto& text :
       {std::string{"weir 1\n\xff/../\n"}, longest, std::string{"short again"}}) {
    REQUIRE(slots->write(0, text).has_value());
    CHECK(texts() == decltype(texts()){{0, text}, {2, longest}});
  }
  const auto too_long = slots->write(0, longest + 'x');
  REQUIRE_FALSE(too_long.has_value());
  CHECK(too_long.error().message == "booked: a note of 4096 bytes; the longest has 4095");
  REQUIRE(slots->clear(0).has_value());
  CHECK(texts() == decltype(texts()){{2, longest}});
  REQUIRE(slots->write(3, "y").has_value());
  REQUIRE(slots->cut(2).has_value());
  CHECK(texts().empty());
  CHECK(std::filesystem::file_size(dir.at("run/private/booked")) == 2 * NoteSlots::slot_size);
}

TEST_CASE("two processes never hold the books at once") {
  const TempDir dir;
  const auto run = open(dir.at("run"));
  const auto counter = dir.file("counter", std::string(1, '\0'));
  constexpr int processes = 4, rounds = 50;
  for (int i = 0; i < processes; ++i) {
    if (::fork() != 0) continue;
    const int fd = ::open(counter.c_str(), O_RDWR);
    for (int k = 0; k < rounds; ++k) {
      const auto lock = run.lock_books();
      unsigned char n = 0;
      if (!lock || ::pread(fd, &n, 1, 0) != 1) ::_exit(1);
      ::usleep(100);
      ++n;
      if (::pwrite(fd, &n, 1, 0) != 1) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  for (int i = 0; i < processes; ++i) {
    ::wait(&status);
    CHECK(status == 0);
  }
  const int fd = ::open(counter.c_str(), O_RDONLY);
  unsigned char n = 0;
  REQUIRE(::read(fd, &n, 1) == 1);
  ::close(fd);
  CHECK(static_cast<int>(n) == processes * rounds);
}
