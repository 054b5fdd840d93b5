// SPDX-License-Identifier: Apache-2.0
#include "weir/model/booking.h"

#include <fmt/format.h>
#include <optional>

#include "weir/base/text.h"

#include "record_text.h"

namespace weir {
namespace {

constexpr std::string_view record_follows = "record\n";

/// What a booking says beside the record, as text still.
struct Head {
  std::string_view pool, path;
  std::optional<int> pid;
  std::optional<std::uint64_t> start;
  std::optional<std::int64_t> expires;
};

Result<Head> parse_head(std::string_view text) {
  Head head;
  WEIR_CHECK(record_text::each_line(text, [&](std::string_view key, std::string_view value) {
    if (key == "pool") head.pool = value;
    if (key == "path") head.path = value;
    if (key == "pid") head.pid = to_number<int>(value);
    if (key == "start") head.start = to_number<std::uint64_t>(value);
    if (key == "expires_us") head.expires = to_number<std::int64_t>(value);
    return true;
  }));
  if (!head.pid || *head.pid <= 0 || !head.start || !head.expires || *head.expires < 0)
    return fail(Errc::failed, "booking does not say whose it is, or until when");
  return head;
}

}  // namespace

Result<Booking> Booking::parse(std::string_view text) {
  const auto gap = text.find(record_follows);
  if (gap == std::string_view::npos) return fail(Errc::failed, "booking has no record");
  WEIR_TRY(const auto head, parse_head(text.substr(0, gap)));
  WEIR_TRY(auto pool, PoolName::parse(head.pool));
  WEIR_TRY(auto path, CgroupPath::parse(head.path));
  if (path.is_root()) return fail(Errc::failed, "booking has no path");
  WEIR_TRY(auto record, ContainerRecord::parse(text.substr(gap + record_follows.size())));
  return Booking{std::move(pool), std::move(path), std::move(record),
                 *head.pid,       *head.start,     *head.expires};
}

std::string Booking::str() const {
  return fmt::format("{}\npool {}\npath {}\npid {}\nstart {}\nexpires_us {}\n{}{}",
                     record_text::version_line, pool.str(), path.str(), holder_pid, holder_start,
                     expires_us, record_follows, record.str());
}

}  // namespace weir
