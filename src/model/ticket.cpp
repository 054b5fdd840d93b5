// SPDX-License-Identifier: Apache-2.0
#include "weir/model/ticket.h"

#include <fmt/format.h>
#include <optional>

#include "weir/base/text.h"

#include "record_text.h"

namespace weir {
namespace {

constexpr std::string_view record_follows = "record\n";

struct Head {
  std::string_view pool, late;
  std::optional<std::uint64_t> number;
  std::optional<int> pid;
  std::optional<std::int64_t> arrived, called;
};

Result<Head> parse_head(std::string_view text) {
  Head head;
  WEIR_CHECK(record_text::each_line(text, [&](std::string_view key, std::string_view value) {
    if (key == "number") head.number = to_number<std::uint64_t>(value);
    if (key == "pool") head.pool = value;
    if (key == "pid") head.pid = to_number<int>(value);
    if (key == "arrived_us") head.arrived = to_number<std::int64_t>(value);
    if (key == "called_us") head.called = to_number<std::int64_t>(value);
    if (key == "late") head.late = value;
    return true;
  }));
  const bool whole = head.number && head.pid && *head.pid > 0 && head.arrived &&
                     *head.arrived >= 0 && head.called && *head.called >= 0 &&
                     (head.late == "0" || head.late == "1");
  if (!whole) return fail(Errc::failed, "ticket does not say who waits, or since when");
  return head;
}

}  // namespace

Result<QueueTicket> QueueTicket::parse(std::string_view text) {
  const auto gap = text.find(record_follows);
  if (gap == std::string_view::npos) return fail(Errc::failed, "ticket has no record");
  WEIR_TRY(const auto head, parse_head(text.substr(0, gap)));
  WEIR_TRY(auto pool, PoolName::parse(head.pool));
  WEIR_TRY(auto record, ContainerRecord::parse(text.substr(gap + record_follows.size())));
  return QueueTicket{*head.number,  std::move(pool), std::move(record), *head.pid,
                     *head.arrived, *head.called,    head.late == "1"};
}

std::string QueueTicket::str() const {
  return fmt::format(
      "{}\nnumber {}\npool {}\npid {}\narrived_us {:020}\ncalled_us {:020}\nlate {}\n{}{}",
      record_text::version_line, number, pool.str(), pid, arrived_us, called_us, late ? 1 : 0,
      record_follows, record.str());
}

std::string QueueTicket::name() const { return fmt::format("{:010}", number); }

}  // namespace weir
