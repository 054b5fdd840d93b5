// SPDX-License-Identifier: Apache-2.0
// Who besides root may start containers in a pool: [pool.NAME.allow].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weir/model/pool.h"
#include "weir/model/process_ids.h"
#include "weir/model/record.h"

namespace weir {

/// The names of all pools' `allow`, looked up once: a name service may be slow.
class Permissions {
 public:
  Permissions() = default;
  explicit Permissions(const PoolTree& tree);

  /// Names of `allow` that this host does not know, each with its pool.
  [[nodiscard]] const std::vector<std::string>& unknown() const { return unknown_; }

  /// Errc::denied for who may start containers in no pool at all.
  [[nodiscard]] Status check_known(const ProcessIds& who) const;

  /// Errc::denied: not these users, or not so much. `record` is complete with defaults. root may
  /// do everything.
  [[nodiscard]] Status check(const PoolTree& tree, std::size_t pool, const ProcessIds& who,
                             const ContainerRecord& record) const;

 private:
  struct Allowed {
    std::vector<std::uint32_t> users, groups;
  };
  static bool has(const Allowed& allowed, const ProcessIds& who);
  std::vector<Allowed> pools_;  ///< as the tree's
  std::vector<std::string> unknown_;
};

}  // namespace weir
