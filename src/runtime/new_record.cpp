// SPDX-License-Identifier: Apache-2.0
#include "new_record.h"

#include <algorithm>
#include <fmt/format.h>

namespace weir {
namespace {

template <class T>
std::optional<T> first_of(const std::optional<T>& asked, const std::optional<T>& otherwise) {
  return asked ? asked : otherwise;
}

/// A default must not contradict the limit that was asked for.
template <class T>
std::optional<T> request_of(const std::optional<T>& asked, const std::optional<T>& otherwise,
                            const std::optional<T>& limit) {
  if (asked || !otherwise || !limit) return first_of(asked, otherwise);
  return std::min(*otherwise, *limit);
}

Status check_pair(bool above, std::string_view what) {
  if (!above) return {};
  return fail(Errc::usage, fmt::format("the {} request is above the {} limit", what, what),
              fmt::format("lower the request or raise the limit of {}", what));
}

}  // namespace

ContainerRecord asked_record(const RunRequest& request, ContainerName name) {
  ContainerRecord record{.name = std::move(name)};
  record.cpu_limit = request.cpu_limit;
  record.cpu_request = request.cpu_request;
  record.memory_limit = request.memory_limit;
  record.memory_request = request.memory_request;
  record.swap_limit = request.swap_limit;
  record.priority = request.priority;
  record.value = request.value;
  record.work = request.work;
  return record;
}

Result<ContainerRecord> with_defaults(ContainerRecord asked, const Pool& pool) {
  const auto& defaults = pool.spec.container;
  auto record = std::move(asked);
  record.cpu_limit = first_of(record.cpu_limit, defaults.cpu_limit);
  record.cpu_request = request_of(record.cpu_request, defaults.cpu_request, record.cpu_limit);
  record.memory_limit = first_of(record.memory_limit, defaults.memory_limit);
  record.memory_request =
      request_of(record.memory_request, defaults.memory_request, record.memory_limit);
  record.swap_limit =
      first_of(record.swap_limit, first_of(pool.spec.memory.swap, std::optional{Bytes{0}}));
  record.value = first_of(record.value, defaults.value);
  record.work = first_of(record.work, defaults.work);
  record.oom = pool.spec.oom;
  WEIR_CHECK(check_pair(
      record.cpu_limit && record.cpu_request && *record.cpu_request > *record.cpu_limit, "CPU"));
  WEIR_CHECK(check_pair(
      record.memory_limit && record.memory_request && *record.memory_request > *record.memory_limit,
      "memory"));
  return record;
}

}  // namespace weir
