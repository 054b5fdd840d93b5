// SPDX-License-Identifier: Apache-2.0
#include "agent/adoption_part.h"

#include <algorithm>
#include <array>

#include "weir/model/kernel_files.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/audit.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

/// A runtime makes the cgroup, writes its files, and then the first process comes in. What is empty
/// for longer is found by the next command.
constexpr std::array after_news{milliseconds{50}, milliseconds{200}, milliseconds{1000},
                                milliseconds{3000}, milliseconds{10'000}};
constexpr milliseconds patience{20};

}  // namespace

Status AdoptionPart::configure(Session& session, AgentLoop& loop) {
  if (slices_) loop.unwatch(slices_->descriptor());
  slices_.reset();
  session_ = &session;
  loop_ = &loop;
  WEIR_TRY(slices_, FolderWatch::open());
  WEIR_CHECK(loop.watch(slices_->descriptor(), Interest::readable, *this));
  looks_ = 0;
  next_look_ = AgentTime{};
  return {};
}

/// The top slice and those with children tell when another slice appears.
Status AdoptionPart::watch_slices() {
  const auto& tree = session_->tree;
  const auto add = [&](const CgroupPath& path) -> Status {
    auto done = slices_->add(session_->host.cgroup->mount + "/" + path.str());
    return done || is_gone(done.error()) ? Status{} : std::move(done);
  };
  WEIR_CHECK(add(tree.top));
  for (const auto& pool : tree.pools) WEIR_CHECK(add(pool.path));
  return {};
}

Status AdoptionPart::on_ready(int, AgentTime now) {
  if (!slices_->take_news()) return {};
  looks_ = 0;
  // Not later with each further one: where something happens all the time, too, there are looks.
  const auto look = now + after_news.front();
  next_look_ = next_look_ ? std::min(*next_look_, look) : look;
  return {};
}

bool AdoptionPart::any_stranger() const {
  auto& io = session_->io;
  for (const auto& pool : session_->tree.pools) {
    if (!pool.children.empty()) continue;
    const auto names = io.children(pool.path);
    if (!names) continue;
    for (const auto& name : *names) {
      const auto path = pool.path.child(name);
      if (!path || name.ends_with(".slice")) continue;
      const auto record = io.attribute(*path, attribute::container);
      if (record && !*record) return true;
    }
  }
  return false;
}

Status AdoptionPart::take_in() {
  auto& session = *session_;
  auto lock = session.run_dir.lock_books_within(patience);
  // Whoever holds it adopts, or it is looked at once more.
  if (!lock) return lock.error().code == Errc::conflict ? Status{} : tl::unexpected(lock.error());
  session.warnings.clear();
  WEIR_TRY(const auto report, adopt(session));
  for (const auto& warning : session.warnings) loop_->say(warning);
  session.warnings.clear();
  for (const auto& entry : report.adopted)
    audit(session.audit_log, {.what = "adopt",
                              .pool = session.tree.pools[entry.pool].name().str(),
                              .container = entry.name.str(),
                              .result = "done",
                              .reason = entry.over ? std::string_view{entry.over->message} : ""});
  return {};
}

Result<std::optional<AgentTime>> AdoptionPart::on_tick(AgentTime now) {
  if (!next_look_ || now < *next_look_) return next_look_;
  next_look_.reset();
  WEIR_CHECK(watch_slices());
  if (!any_stranger()) return next_look_;
  WEIR_CHECK(take_in());
  if (++looks_ < after_news.size()) next_look_ = now + after_news[looks_];
  return next_look_;
}

}  // namespace weir
