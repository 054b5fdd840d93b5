// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/agent.h"

#include <algorithm>
#include <map>
#include <memory>

#include "weir/cgroup/claims.h"
#include "weir/cgroup/confine_agent.h"
#include "weir/cgroup/poller.h"
#include "weir/cgroup/service_manager.h"
#include "weir/cgroup/signal_inbox.h"
#include "weir/runtime/freeze.h"

#include "agent/bereavement.h"
#include "agent/config_watch.h"
#include "agent/parts.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
// Whoever only asks whether an agent runs holds its claim for a moment.
constexpr milliseconds claim_patience{300};
constexpr std::chrono::seconds same_line_again{60};

class Agent final : public AgentLoop {
 public:
  Agent(const AgentOptions& options, Session session, FileLock claim, Poller poller,
        SignalInbox signals, ConfigWatch config)
      : options_(options),
        session_(std::make_unique<Session>(std::move(session))),
        claim_(std::move(claim)),
        poller_(std::move(poller)),
        signals_(std::move(signals)),
        config_(std::move(config)),
        manager_(ServiceManager::from_environment()),
        parts_(make_agent_parts(options)) {}

  Status run() {
    auto done = start();
    if (done) {
      manager_.tell("READY=1");
      done = turn_until_stopped();
    }
    manager_.tell("STOPPING=1");
    auto stopped = stop();
    return done ? stopped : done;
  }

  Status watch(int fd, Interest interest, AgentPart& part) override {
    WEIR_CHECK(poller_.watch(fd, interest));
    owners_.insert_or_assign(fd, &part);
    return {};
  }

  void unwatch(int fd) override {
    poller_.unwatch(fd);
    owners_.erase(fd);
  }

  /// What goes wrong at every turn is said once a minute.
  void say(std::string_view line) override {
    const auto now = Poller::now();
    if (line == last_line_ && now - last_said_ < same_line_again) return;
    last_line_ = line;
    last_said_ = now;
    options_.say(line);
  }

 private:
  Status start() {
    WEIR_CHECK(thaw_own(session_->io, session_->run_dir, session_->tree.top));
    WEIR_CHECK(start_guardian());
    WEIR_CHECK(poller_.watch(signals_.descriptor(), Interest::readable));
    WEIR_CHECK(poller_.watch(config_.descriptor(), Interest::readable));
    for (const auto& warning : session_->warnings) say(warning);
    for (const auto& part : parts_) WEIR_CHECK(part->configure(*session_, *this));
    return confine_agent();
  }

  Status start_guardian() {
    if (guardian_) poller_.unwatch(guardian_->descriptor());
    guardian_.reset();
    remove_watchman_home(*session_);
    std::string complaint;
    WEIR_TRY(guardian_, start_watchman(*session_, options_.options, complaint));
    if (!complaint.empty()) say(complaint);
    return poller_.watch(guardian_->descriptor(), Interest::readable);
  }

  Status turn_until_stopped() {
    while (!stopping_) {
      const auto deadline = tick();
      WEIR_TRY(const auto ready, poller_.wait(deadline));
      for (const int fd : ready) WEIR_CHECK(serve(fd));
    }
    return {};
  }

  /// When something is due next.
  std::optional<AgentTime> tick() {
    const auto now = Poller::now();
    if (config_.is_due(now)) reload();
    std::optional<AgentTime> next = config_.due();
    const auto take = [&](std::optional<AgentTime> when) {
      if (when) next = next ? std::min(*next, *when) : *when;
    };
    for (const auto& part : parts_) {
      const auto when = part->on_tick(now);
      take(when ? *when : now + std::chrono::seconds{1});
      complain(*part, when ? Status{} : tl::unexpected(when.error()));
    }
    if (manager_.heartbeat()) {
      manager_.tell("WATCHDOG=1");
      take(now + std::chrono::duration_cast<AgentTime::duration>(*manager_.heartbeat()));
    }
    return next;
  }

  Status serve(int fd) {
    if (fd == signals_.descriptor()) return take_signals();
    if (fd == config_.descriptor()) return config_.take_news(Poller::now());
    if (guardian_ && fd == guardian_->descriptor()) return start_guardian();
    // A part may have let go of it since.
    const auto owner = owners_.find(fd);
    if (owner == owners_.end()) return {};
    auto& part = *owner->second;
    complain(part, part.on_ready(fd, Poller::now()));
    return {};
  }

  Status take_signals() {
    while (const auto signal = signals_.next()) {
      if (*signal == ServiceSignal::stop) stopping_ = true;
      if (*signal == ServiceSignal::reload) reload();
    }
    return {};
  }

  /// With what cannot be read, the agent goes on as it was.
  void reload() {
    config_.settled();
    manager_.tell("RELOADING=1");
    auto next = open_session(options_.options);
    if (next) {
      auto session = std::make_unique<Session>(std::move(*next));
      const bool elsewhere = session->tree.top != session_->tree.top;
      for (const auto& part : parts_) complain(*part, part->configure(*session, *this));
      session_ = std::move(session);
      if (elsewhere) ignore(start_guardian(), "the next command thaws, too");
    } else {
      say(next.error().details + next.error().message);
    }
    manager_.tell("READY=1");
  }

  Status stop() {
    Status first;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      auto done = (*part)->stop();
      if (!done && first) first = std::move(done);
    }
    auto thawed = thaw_own(session_->io, session_->run_dir, session_->tree.top);
    // What could not be thawed now is the guardian's to try once more.
    if (!thawed) return first ? thawed : first;
    guardian_.reset();
    remove_watchman_home(*session_);
    return first;
  }

  void complain(const AgentPart& part, const Status& done) {
    if (!done) say(std::string{part.name()} + ": " + done.error().message);
  }

  const AgentOptions& options_;
  std::unique_ptr<Session> session_;
  FileLock claim_;
  Poller poller_;
  SignalInbox signals_;
  ConfigWatch config_;
  ServiceManager manager_;
  std::optional<Watchman> guardian_;
  std::vector<std::unique_ptr<AgentPart>> parts_;
  std::map<int, AgentPart*> owners_;
  bool stopping_ = false;
  std::string last_line_;
  AgentTime last_said_{};
};

}  // namespace

Status run_agent(const AgentOptions& options) {
  WEIR_TRY(auto signals, SignalInbox::open());
  WEIR_TRY(auto session, open_session(options.options));
  WEIR_TRY(auto claim, claim_soon(session.run_dir, agent_claim, claim_patience));
  WEIR_TRY(auto poller, Poller::open());
  WEIR_TRY(auto config, ConfigWatch::open(options.options.config));
  return Agent(options, std::move(session), std::move(claim), std::move(poller), std::move(signals),
               std::move(config))
      .run();
}

}  // namespace weir
