// SPDX-License-Identifier: Apache-2.0
// Configuration files as somebody careless or hostile leaves them.
#include "weir/cgroup/files.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_dir.h"

using namespace weir;
using weir::testing::TempDir;

namespace {

Error error_of(const std::string& path, Trust trust = Trust::owner_only) {
  const auto file = read_config_file(path, trust);
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().code == Errc::config);
  CHECK(file.error().message.find('\n') == std::string::npos);
  return file.error();
}

bool says(const Error& error, std::string_view words) {
  return error.message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a plain file is read whole, up to 1 MiB") {
  const TempDir dir;
  const auto path = dir.file("weir.toml", "[pool.a]\n");
  const auto file = read_config_file(path, Trust::owner_only);
  REQUIRE(file.has_value());
  CHECK(file->path == path);
  CHECK(file->text == "[pool.a]\n");
  const auto large = dir.file("large.toml", std::string(1 << 20, '#'));
  CHECK(read_config_file(large, Trust::owner_only)->text.size() == 1 << 20);
  CHECK(says(error_of(dir.file("larger.toml", std::string((1 << 20) + 1, '#'))),
             "larger than 1 MiB"));
}

TEST_CASE("2 GiB of zeros are refused without being read") {
  const TempDir dir;
  const auto path = dir.file("zeros.toml", "");
  REQUIRE(::truncate(path.c_str(), off_t{2} << 30) == 0);
  CHECK(says(error_of(path), "larger than 1 MiB"));
}

TEST_CASE("what is no regular file is refused, and a FIFO does not hang") {
  const TempDir dir;
  CHECK(says(error_of(dir.path()), "is a directory"));
  const auto fifo = dir.at("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(says(error_of(fifo), "not a regular file"));
  CHECK(says(error_of("/dev/zero", Trust::any), "not a regular file"));
  CHECK(says(error_of("/dev/null", Trust::any), "not a regular file"));
}

TEST_CASE("a missing file gets the hint how to begin") {
  const TempDir dir;
  const auto error = error_of(dir.at("none.toml"));
  CHECK(error.sys == ENOENT);
  CHECK(error.hint.find("weir init") != std::string::npos);
  CHECK(error_of(dir.at("none/weir.toml")).sys == ENOENT);
  CHECK(error_of(dir.file("plain", "") + "/weir.toml").sys == ENOTDIR);
}

TEST_CASE("a path with odd bytes is shown on one line") {
  const TempDir dir;
  CHECK(says(error_of(dir.at("a\nb\x1b[2J")), "a\\x0ab\\x1b[2J"));
  CHECK(says(error_of(std::string{"a\0b", 3}), "NUL"));
  CHECK(error_of(dir.at(std::string(300, 'n'))).sys == ENAMETOOLONG);
}

TEST_CASE("a file that others may write is not trusted") {
  const TempDir dir;
  const auto path = dir.file("weir.toml", "");
  for (const mode_t mode : {0666U, 0646U, 0664U, 0602U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto error = error_of(path);
    CHECK(says(error, "others than its owner may write it"));
    CHECK(error.hint == "chmod go-w " + path);
    CHECK(read_config_file(path, Trust::any).has_value());
  }
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(read_config_file(path, Trust::owner_only).has_value());
}

// Only root can give a file away.
TEST_CASE("a file of somebody else's is not trusted" * doctest::skip(::geteuid() != 0)) {
  const TempDir dir;
  const auto path = dir.file("weir.toml", "");
  REQUIRE(::chown(path.c_str(), 1001, 1001) == 0);
  const auto error = error_of(path);
  CHECK(says(error, "belongs to uid 1001, not to root"));
  CHECK(error.hint == "chown root " + path);
}

TEST_CASE("weir.d: every .toml beside the main file, in name order") {
  const TempDir dir;
  const auto main_file = dir.file("weir.toml", "main");
  dir.file("weir.d/20-b.toml", "b");
  dir.file("weir.d/10-a.toml", "a");
  dir.file("weir.d/notes.txt", "no");
  dir.file("weir.d/.hidden.toml", "no");
  dir.file("weir.d/old.toml~", "no");
  const auto files = read_config_files(main_file, Trust::owner_only);
  REQUIRE(files.has_value());
  REQUIRE(files->size() == 3);
  CHECK((*files)[0].text == "main");
  CHECK((*files)[1].text == "a");
  CHECK((*files)[2].text == "b");
}

TEST_CASE("weir.d: one bad file spoils the whole") {
  const TempDir dir;
  const auto main_file = dir.file("weir.toml", "");
  CHECK(read_config_files(main_file, Trust::owner_only)->size() == 1);
  REQUIRE(::chmod(dir.file("weir.d/a.toml", "").c_str(), 0666) == 0);
  CHECK_FALSE(read_config_files(main_file, Trust::owner_only).has_value());
  std::filesystem::remove(dir.at("weir.d/a.toml"));
  std::filesystem::create_directory(dir.at("weir.d/dir.toml"));
  CHECK_FALSE(read_config_files(main_file, Trust::owner_only).has_value());
}

TEST_CASE("replacing a file is whole or not at all") {
  const TempDir dir;
  const auto path = dir.file("a.toml", "old");
  REQUIRE(replace_file(path, "new", 0600).has_value());
  CHECK(read_config_file(path, Trust::owner_only)->text == "new");
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  const auto folder = dir.at("folder");
  std::filesystem::create_directory(folder);
  dir.file("folder/inside", "");
  CHECK_FALSE(replace_file(folder, "x", 0600).has_value());
  CHECK_FALSE(replace_file(dir.at("none/a.toml"), "x", 0600).has_value());
  // No leftovers of the failed attempts.
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path()))
    ++entries;
  CHECK(entries == 2);
}

TEST_CASE("small files of /proc: bounded, and errors keep errno") {
  const TempDir dir;
  CHECK(*read_small_file(dir.file("a", "text\n")) == "text\n");
  CHECK(read_small_file(dir.at("none")).error().sys == ENOENT);
  CHECK(read_small_file(dir.path()).error().sys == EISDIR);
  CHECK_FALSE(read_small_file(dir.file("b", std::string(100, 'x')), 99).has_value());
  CHECK_FALSE(read_small_file("/dev/zero").has_value());
}
