// SPDX-License-Identifier: Apache-2.0
#include "agent/config_watch.h"

#include <cerrno>

namespace weir {
namespace {

// An editor writes, renames and removes; `pool create` applies before it renames.
constexpr std::chrono::milliseconds rest{200};

}  // namespace

Result<ConfigWatch> ConfigWatch::open(std::string file) {
  const auto slash = file.rfind('/');
  WEIR_TRY(auto folders, FolderWatch::open());
  ConfigWatch out{slash == std::string::npos ? "." : file.substr(0, slash + 1), std::move(folders)};
  WEIR_CHECK(out.add_folders());
  return out;
}

Status ConfigWatch::add_folders() {
  WEIR_CHECK(folders_.add(folder_));
  auto drop_ins = folders_.add(folder_ + "/weir.d");
  if (!drop_ins && drop_ins.error().sys != ENOENT && drop_ins.error().sys != ENOTDIR)
    return drop_ins;
  return {};
}

Status ConfigWatch::take_news(AgentTime now) {
  if (!folders_.take_news()) return {};
  due_ = now + rest;
  return add_folders();
}

}  // namespace weir
