// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/resources.h"

namespace weir {

std::string_view to_text(Resource resource) {
  switch (resource) {
    case Resource::cpu:
      return "cpu";
    case Resource::memory:
      return "memory";
    case Resource::io_read:
      return "io read";
    case Resource::io_write:
      return "io write";
  }
  return "";
}

Resources& Resources::operator+=(const Resources& other) {
  for (std::size_t r = 0; r < resource_count; ++r) amount[r] += other.amount[r];
  return *this;
}

Resources& Resources::operator-=(const Resources& other) {
  for (std::size_t r = 0; r < resource_count; ++r) amount[r] -= other.amount[r];
  return *this;
}

bool Resources::fits(const Resources& room) const {
  for (std::size_t r = 0; r < resource_count; ++r)
    if (amount[r] > room.amount[r]) return false;
  return true;
}

}  // namespace weir
