// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/hook.h"

#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/processes.h"

#include "hook_desk.h"
#include "hook_state.h"

namespace weir {
namespace {

constexpr std::array<std::pair<HookStage, std::string_view>, 5> stages{{
    {HookStage::precreate, "precreate"},
    {HookStage::prestart, "prestart"},
    {HookStage::create_runtime, "createRuntime"},
    {HookStage::poststart, "poststart"},
    {HookStage::poststop, "poststop"},
}};
constexpr std::size_t longest_input = longest_oci_text;
constexpr std::string_view too_late = "weir: failed: hook: took too long\n";

/// What a failure comes to: refused, or let through as it came.
HookReply reply_to(Error error, OnError on_error, std::string_view doing,
                   std::string_view unchanged) {
  if (!lets_start(error, on_error)) return {1, {}, complaint(error, doing)};
  if (!unchanged.empty()) error.message += " (the container starts all the same)";
  return {0, std::string{unchanged}, complaint(error, doing)};
}

class Precreate {
 public:
  /// `text` becomes the output where all is well.
  Precreate(const HookOptions& options, std::string& text, Deadline& deadline)
      : options_(options), text_(text), deadline_(deadline) {}

  HookReply run() {
    auto config = OciConfig::parse(text_);
    if (!config) return refuse(config.error());
    if (!config->cgroups_path) return unchanged();  // it is to have no cgroup
    const auto path = CgroupsPath::parse(*config->cgroups_path);
    if (!path) return refuse(path.error());
    auto desk = open_hook_desk(options_.run_dir);
    if (!desk)
      return reply_to(desk.error(), on_error_without_desk(options_.run_dir, options_.on_error),
                      doing_, text_);
    expect(desk->rules.on_error);
    auto placement = find_place(*desk, *config, *path, std::nullopt);
    if (const auto* token = config->annotation(probe_annotation))
      return answer_probe(*token,
                          placement ? pool_of(*desk, *placement) : placement.error().message);
    if (!placement) return reply_to(placement.error(), desk->rules.on_error, doing_, text_);
    if (!*placement) return unchanged();
    return admit(*desk, *config, **placement);
  }

 private:
  HookReply unchanged() {
    LastResort::disarm();  // it would write what is moved
    return {0, std::move(text_), {}};
  }
  HookReply refuse(const Error& error) const { return {1, {}, complaint(error, doing_)}; }

  /// Who asks only whether podman comes here gets no container.
  static HookReply answer_probe(const std::string& token, const std::string& where) {
    return {1, {}, fmt::format("weir: probe {}: {}", printable(token, 64), where)};
  }
  static std::string pool_of(const HookDesk& desk, const std::optional<Placement>& placement) {
    if (!placement) return "no pool takes it";
    return fmt::format("pool '{}' takes it", desk.rules.tree.pools[placement->pool].name().str());
  }

  /// What is to happen should everything else hang from now on.
  void expect(OnError on_error) {
    const bool open = on_error == OnError::open;
    LastResort::set({open ? 0 : 1, open ? text_ : std::string_view{}, too_late});
  }

  HookReply admit(HookDesk& desk, const OciConfig& config, Placement& placement) {
    const auto on_error = desk.rules.tree.pools[placement.pool].spec.on_error;
    expect(on_error);
    placement.record.runtime.id = id_in_leaf(placement.cgroup.leaf());
    const HookAsker asker{identity_of_parent(), desk.inside};
    auto booked = book_container(desk.io, desk.rules, desk.run_dir, placement, asker, deadline_);
    if (!booked) return reply_to(booked.error(), on_error, doing_, text_);
    LastResort::disarm();  // it would write what is being changed
    auto changed = rewrite(std::move(text_), config, placement.cgroups_path, placement.added);
    if (!changed) return refuse(changed.error());
    return {0, std::move(*changed), {}};
  }

  static constexpr std::string_view doing_ = "hook precreate";
  const HookOptions& options_;
  std::string& text_;
  Deadline& deadline_;
};

HookReply run_state_stage(HookStage stage, const HookOptions& options, std::string_view text,
                          Deadline& deadline) {
  const auto doing = fmt::format("hook {}", to_text(stage));
  const auto state = OciState::parse(text);
  if (!state) return {1, {}, complaint(state.error(), doing)};
  if (auto good = check_state(*state, stage); !good) return {1, {}, complaint(good.error(), doing)};
  auto desk = open_hook_desk(options.run_dir);
  if (!desk) {
    // Nothing is started any more by the last two stages, so there is nothing to refuse.
    const bool late = stage == HookStage::poststart || stage == HookStage::poststop;
    return reply_to(desk.error(),
                    late ? OnError::open : on_error_without_desk(options.run_dir, options.on_error),
                    doing, {});
  }
  if (stage == HookStage::poststop) return release_container(*desk, *state, doing);
  return note_container(*desk, *state, stage, deadline);
}

}  // namespace

std::string_view to_text(HookStage stage) {
  for (const auto& [known, name] : stages)
    if (known == stage) return name;
  return {};
}

std::optional<HookStage> hook_stage_named(std::string_view text) {
  for (const auto& [stage, name] : stages)
    if (name == text) return stage;
  return std::nullopt;
}

HookReply run_hook(HookStage stage, const HookOptions& options) {
  Deadline deadline(hook_patience);
  LastResort::arm(hook_patience);
  const bool fails_open = options.on_error == OnError::open;
  LastResort::set({fails_open ? 0 : 1, {}, too_late});
  auto text = read_input(0, longest_input, deadline);
  if (!text) {
    const auto doing = fmt::format("hook {}", to_text(stage));
    return {1, {}, complaint(text.error(), doing)};
  }
  LastResort::set(
      {fails_open ? 0 : 1,
       stage == HookStage::precreate && fails_open ? std::string_view{*text} : std::string_view{},
       too_late});
  auto reply = stage == HookStage::precreate ? Precreate(options, *text, deadline).run()
                                             : run_state_stage(stage, options, *text, deadline);
  LastResort::disarm();
  return reply;
}

}  // namespace weir
