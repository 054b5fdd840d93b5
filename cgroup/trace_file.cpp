// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/trace_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "weir/base/text.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/files.h"

namespace weir {
namespace {

constexpr std::size_t chunk_size = std::size_t{256} << 10;
constexpr std::size_t longest_shown = 400;
constexpr int gzip_only = 16 + MAX_WBITS;  // zlib: expect a gzip header
constexpr unsigned page_mode = 0644;

/// Counts what passes and hands it on.
class Meter {
 public:
  Meter(std::string file, const TakeText& take, const TraceBounds& bounds)
      : file_(std::move(file)), take_(take), bounds_(bounds) {}

  Status pass(std::string_view text) {
    if (text.empty()) return {};
    bytes_ += text.size();
    if (bytes_ > bounds_.bytes)
      return wrong(fmt::format("the trace is longer than {} bytes", bounds_.bytes));
    WEIR_CHECK(take_(text));
    lines_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    if (lines_ > bounds_.lines)
      return wrong(fmt::format("the trace has more than {} lines", bounds_.lines));
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> wrong(const std::string& reason) const {
    return fail(Errc::failed, fmt::format("{}:{}: {}", file_, lines_ + 1, reason));
  }

 private:
  std::string file_;
  const TakeText& take_;
  TraceBounds bounds_;
  std::size_t bytes_ = 0, lines_ = 0;
};

/// Any number of gzip members, one behind the other, as gzip(1) reads them.
class Gunzip {
 public:
  explicit Gunzip(Meter& meter) : meter_(meter), out_(chunk_size, '\0') {
    usable_ = ::inflateInit2(&stream_, gzip_only) == Z_OK;
  }
  ~Gunzip() { ::inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Status feed(std::string_view packed) {
    if (!usable_) return meter_.wrong("no memory to unpack it");
    // zlib reads only, whatever its signature says.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    do {
      if (ended_ && stream_.avail_in > 0) {
        ::inflateReset(&stream_);
        ended_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int done = ::inflate(&stream_, Z_NO_FLUSH);
      if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR)
        return meter_.wrong(
            fmt::format("broken gzip data ({})", stream_.msg ? stream_.msg : "unexpected bytes"));
      ended_ = done == Z_STREAM_END;
      WEIR_CHECK(meter_.pass({out_.data(), out_.size() - stream_.avail_out}));
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return {};
  }

  Status finish() {
    if (ended_) return {};
    return meter_.wrong("the gzip data ends too early: the file is truncated");
  }

 private:
  Meter& meter_;
  std::string out_;
  z_stream stream_{};
  bool usable_ = false, ended_ = false;
};

tl::unexpected<Error> file_fail(int sys, const std::string& path) {
  auto error = os_error(sys, printable(path, longest_shown));
  error.code = Errc::failed;
  return tl::unexpected(std::move(error));
}

Result<UniqueFd> open_regular(const std::string& path) {
  const auto shown = printable(path, longest_shown);
  if (path.find('\0') != std::string::npos)
    return fail(Errc::failed, fmt::format("{}: the path has a NUL byte", shown));
  // O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!fd) return file_fail(errno, path);
  struct stat info {};
  if (::fstat(fd.get(), &info) < 0) return file_fail(errno, path);
  if (S_ISDIR(info.st_mode))
    return fail(Errc::failed, fmt::format("{}: is a directory, not a trace", shown));
  if (!S_ISREG(info.st_mode))
    return fail(Errc::failed, fmt::format("{}: is not a regular file", shown),
                "write the trace to a file first");
  return fd;
}

Result<std::string_view> read_chunk(int fd, std::string& buffer, const std::string& path) {
  for (;;) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n >= 0) return std::string_view{buffer.data(), static_cast<std::size_t>(n)};
    if (errno != EINTR) return file_fail(errno, path);
  }
}

}  // namespace

Status read_trace_text(const std::string& path, const TakeText& take, const TraceBounds& bounds) {
  WEIR_TRY(const auto fd, open_regular(path));
  Meter meter(printable(path, longest_shown), take, bounds);
  std::string buffer(chunk_size, '\0');
  WEIR_TRY(auto chunk, read_chunk(fd.get(), buffer, path));
  if (!path.ends_with(".gz") && !chunk.starts_with("\x1f\x8b")) {
    while (!chunk.empty()) {
      WEIR_CHECK(meter.pass(chunk));
      WEIR_TRY(chunk, read_chunk(fd.get(), buffer, path));
    }
    return {};
  }
  Gunzip gunzip(meter);
  while (!chunk.empty()) {
    WEIR_CHECK(gunzip.feed(chunk));
    WEIR_TRY(chunk, read_chunk(fd.get(), buffer, path));
  }
  return gunzip.finish();
}

Status check_page_path(const std::string& path) {
  const auto shown = printable(path, longest_shown);
  if (path.empty() || path.find('\0') != std::string::npos)
    return fail(Errc::usage, "-o: not a file name");
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    // Renaming onto a device or a FIFO would replace it.
    if (S_ISREG(info.st_mode)) return {};
    return fail(Errc::failed, fmt::format("{}: is there and is not a regular file", shown));
  }
  if (errno != ENOENT) return file_fail(errno, path);
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::access(folder.c_str(), W_OK | X_OK) < 0) return file_fail(errno, path);
  return {};
}

Status write_page(const std::string& path, const std::string& text) {
  WEIR_CHECK(check_page_path(path));
  return replace_file(path, text, page_mode);
}

}  // namespace weir
