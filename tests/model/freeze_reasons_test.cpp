// SPDX-License-Identifier: Apache-2.0
#include "weir/model/freeze_reasons.h"

#include <doctest/doctest.h>

using namespace weir;

TEST_CASE("reasons to stand still come back as they were written") {
  FreezeReasons reasons;
  CHECK(reasons.str().empty());
  reasons.add(FreezeReason::preemption);
  reasons.add(FreezeReason::turn);
  CHECK(reasons.str() == "turn preemption");
  CHECK(FreezeReasons::parse(reasons.str()) == reasons);
  reasons.drop(FreezeReason::turn);
  CHECK_FALSE(reasons.has(FreezeReason::turn));
  CHECK(reasons.has(FreezeReason::preemption));
  reasons.drop(FreezeReason::preemption);
  CHECK(reasons.empty());
}

TEST_CASE("an attribute that is not weir's gives no reason") {
  CHECK(FreezeReasons::parse("turns TURN \x01 1").empty());
  CHECK(FreezeReasons::parse("nonsense outside").str() == "outside");
  CHECK(FreezeReasons::parse("turn" + std::string(300, ' ')).empty());
}
