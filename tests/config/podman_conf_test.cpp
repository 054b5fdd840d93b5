// SPDX-License-Identifier: Apache-2.0
#include "weir/config/podman_conf.h"

#include <doctest/doctest.h>

namespace weir {
namespace {

using Dirs = std::vector<std::string>;

TEST_CASE("containers.conf says where podman looks for hooks, or nothing") {
  CHECK(podman_hook_dirs("[engine]\nhooks_dir = [\"/a\", \"/b\"]\n") == Dirs{"/a", "/b"});
  CHECK(podman_hook_dirs("engine.hooks_dir = [\n  \"/a\",\n]\n") == Dirs{"/a"});
  CHECK(podman_hook_dirs("[engine]\nhooks_dir = []\n") == Dirs{});
  for (const auto* silent : {"", "[engine]\n", "[containers]\nhooks_dir = [\"/a\"]\n",
                             "[engine]\n#hooks_dir = [\"/a\"]\n", "[engine]\nhooks_dir = \"/a\"\n"})
    CHECK_FALSE(podman_hook_dirs(silent));
}

TEST_CASE("what is no TOML says nothing") {
  CHECK_FALSE(podman_hook_dirs("[engine\nhooks_dir = [\"/a\"]\n"));
  CHECK_FALSE(podman_hook_dirs("[engine]\nhooks_dir = [\"\xff\"]\n"));
  CHECK_FALSE(podman_hook_dirs("[engine]\nhooks_dir = " + std::string(10'000, '[')));
}

}  // namespace
}  // namespace weir
