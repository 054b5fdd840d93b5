// SPDX-License-Identifier: Apache-2.0
// What apply prepares for the hook, as it could be found: what is accepted is whole, keeps to its
// tree and comes back the same when it is written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/model/hook_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rules = HookRules::parse(text);
  if (!rules) {
    require(rules.error().message.find('\n') == std::string::npos);
    return 0;
  }
  require(rules->allowed.size() == rules->tree.pools.size());
  for (const auto& pool : rules->tree.pools) {
    require(pool.path.is_root() || pool.path.is_within(rules->tree.top));
    require(!pool.parent || *pool.parent < rules->tree.pools.size());
  }
  const auto again = HookRules::parse(rules->str());
  require(again.has_value() && again->str() == rules->str());
  return 0;
}
