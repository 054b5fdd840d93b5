// SPDX-License-Identifier: Apache-2.0
#include "systemd_bus.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <unistd.h>

#include "weir/base/text.h"

namespace weir {
namespace {

constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";
constexpr const char* direct_address = "unix:path=/run/systemd/private";
constexpr std::uint64_t call_patience_us = 25'000'000;
constexpr std::chrono::seconds job_patience{60};
constexpr std::chrono::seconds longest_idle{2};

struct Known {
  std::string_view name;
  int sys;
};
constexpr std::array known_errors{
    Known{"org.freedesktop.systemd1.UnitExists", EEXIST},
    Known{"org.freedesktop.systemd1.NoSuchUnit", ENOENT},
    Known{"org.freedesktop.DBus.Error.AccessDenied", EACCES},
    Known{"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", EACCES}};

/// It has hung up, as it does when it starts anew, or has too much to do to answer.
bool is_lost(int sys) {
  return sys == ENOTCONN || sys == ECONNRESET || sys == EPIPE || sys == ETIMEDOUT;
}

Error bus_error(std::string_view what, const sd_bus_error& said, int rc) {
  Error error;
  error.sys = rc < 0 ? -rc : 0;
  const std::string_view name = said.name ? said.name : "";
  for (const auto& known : known_errors)
    if (name == known.name) error.sys = known.sys;
  error.message = said.message
                      ? fmt::format("{}: systemd says: {}", what, printable(said.message, 300))
                      : os_error(error.sys, what).message;
  if (error.sys == EACCES) {
    error.code = Errc::unsupported;
    error.hint = "run weir as root";
  }
  if (is_lost(error.sys)) {
    error.message = fmt::format("{}: systemd does not answer", what);
    error.hint = "it starts anew or has too much to do; try again";
  }
  return error;
}

}  // namespace

Status SystemdBus::check(int rc, std::string_view what) {
  if (rc < 0) return os_fail(-rc, what);
  return {};
}

Result<SystemdBus> SystemdBus::make() {
  WEIR_TRY(const auto* sd, SystemdLibrary::load());
  return SystemdBus{sd};
}

Status SystemdBus::reach() {
  const auto now = std::chrono::steady_clock::now();
  if (bus_ && now - last_used_ > longest_idle) rest();
  last_used_ = now;
  return bus_ ? Status{} : connect();
}

Status SystemdBus::connect() {
  sd_bus* raw = nullptr;
  listens_ = ::geteuid() == 0;
  if (!listens_) {
    WEIR_CHECK(check(sd_->bus_open_system(&raw), "open the system bus"));
    bus_ = Bus{raw, Close{sd_}};
    return {};
  }
  WEIR_CHECK(check(sd_->bus_new(&raw), "open a bus"));
  Bus bus{raw, Close{sd_}};
  WEIR_CHECK(check(sd_->bus_set_address(raw, direct_address), direct_address));
  WEIR_CHECK(check(sd_->bus_start(raw), "connect to systemd at /run/systemd/private"));
  bus_ = std::move(bus);
  return {};
}

Result<SystemdBus::Message> SystemdBus::manager_call(const char* method) {
  WEIR_CHECK(reach());
  sd_bus_message* raw = nullptr;
  WEIR_CHECK(check(sd_->bus_message_new_method_call(bus_.get(), &raw, service_name, manager_path,
                                                    manager, method),
                   method));
  return Message{raw, Close{sd_}};
}

Result<SystemdBus::Message> SystemdBus::send(Message call, std::string_view what) {
  sd_bus_error said{};
  sd_bus_message* reply = nullptr;
  const int rc = sd_->bus_call(bus_.get(), call.get(), call_patience_us, &said, &reply);
  Message owned{reply, Close{sd_}};
  if (rc >= 0) return owned;
  auto error = bus_error(what, said, rc);
  sd_->bus_error_free(&said);
  if (is_lost(error.sys)) rest();
  return tl::unexpected(std::move(error));
}

/// On the message bus systemd tells only who asked for it when a job has ended.
Status SystemdBus::listen() {
  if (listens_) return {};
  WEIR_CHECK(check(sd_->bus_match_signal(bus_.get(), nullptr, service_name, manager_path, manager,
                                         "JobRemoved", nullptr, nullptr),
                   "wait for jobs"));
  WEIR_TRY(auto call, manager_call("Subscribe"));
  WEIR_CHECK(send(std::move(call), "subscribe to systemd"));
  listens_ = true;
  return {};
}

Status SystemdBus::append(sd_bus_message* call, const UnitProperty& property) {
  int rc = sd_->bus_message_open_container(call, 'r', "sv");
  const auto add = [&](int next) { rc = rc < 0 ? rc : next; };
  const char* name = property.name.c_str();
  if (const auto* flag = std::get_if<bool>(&property.value)) {
    add(sd_->bus_message_append(call, "sv", name, "b", static_cast<int>(*flag)));
  } else if (const auto* number = std::get_if<std::uint64_t>(&property.value)) {
    add(sd_->bus_message_append(call, "sv", name, "t", *number));
  } else if (const auto* text = std::get_if<std::string>(&property.value)) {
    add(sd_->bus_message_append(call, "sv", name, "s", text->c_str()));
  } else {
    add(sd_->bus_message_append(call, "s", name));
    const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&property.value);
    const auto* pids = std::get_if<std::vector<std::uint32_t>>(&property.value);
    const auto* names = std::get_if<std::vector<std::string>>(&property.value);
    const auto* devices = std::get_if<DeviceLimits>(&property.value);
    add(sd_->bus_message_open_container(call, 'v',
                                        bytes   ? "ay"
                                        : pids  ? "au"
                                        : names ? "as"
                                                : "a(st)"));
    if (bytes) add(sd_->bus_message_append_array(call, 'y', bytes->data(), bytes->size()));
    if (pids) add(sd_->bus_message_append_array(call, 'u', pids->data(), pids->size() * 4));
    if (names) {
      add(sd_->bus_message_open_container(call, 'a', "s"));
      for (const auto& one : *names) add(sd_->bus_message_append(call, "s", one.c_str()));
      add(sd_->bus_message_close_container(call));
    }
    if (devices) {
      add(sd_->bus_message_open_container(call, 'a', "(st)"));
      for (const auto& [path, limit] : *devices)
        add(sd_->bus_message_append(call, "(st)", path.c_str(), limit));
      add(sd_->bus_message_close_container(call));
    }
    add(sd_->bus_message_close_container(call));
  }
  add(sd_->bus_message_close_container(call));
  return check(rc, property.name);
}

Status SystemdBus::append_all(sd_bus_message* call, const std::vector<UnitProperty>& properties) {
  WEIR_CHECK(check(sd_->bus_message_open_container(call, 'a', "(sv)"), "write a message"));
  for (const auto& property : properties) WEIR_CHECK(append(call, property));
  return check(sd_->bus_message_close_container(call), "write a message");
}

Status SystemdBus::wait_for(const std::string& job, std::string_view what) {
  const auto deadline = std::chrono::steady_clock::now() + job_patience;
  while (std::chrono::steady_clock::now() < deadline) {
    sd_bus_message* raw = nullptr;
    const int rc = sd_->bus_process(bus_.get(), &raw);
    const Message message{raw, Close{sd_}};
    WEIR_CHECK(check(rc, what));
    if (message && sd_->bus_message_is_signal(message.get(), manager, "JobRemoved") > 0) {
      std::uint32_t id = 0;
      const char *path = nullptr, *unit = nullptr, *result = nullptr;
      WEIR_CHECK(
          check(sd_->bus_message_read(message.get(), "uoss", &id, &path, &unit, &result), what));
      if (path != job) continue;
      if (std::string_view{result} == "done") return {};
      return fail(Errc::failed, fmt::format("{}: systemd's job ended as '{}'", what, result),
                  fmt::format("`systemctl status {}` and the journal say why", unit));
    }
    if (rc == 0) WEIR_CHECK(check(sd_->bus_wait(bus_.get(), 1'000'000), what));
  }
  return fail(Errc::failed,
              fmt::format("{}: systemd has not done it within {} s", what, job_patience.count()));
}

Status SystemdBus::run_job(Message call, std::string_view what) {
  WEIR_CHECK(listen());
  WEIR_TRY(const auto reply, send(std::move(call), what));
  const char* job = nullptr;
  WEIR_CHECK(check(sd_->bus_message_read(reply.get(), "o", &job), what));
  return wait_for(job, what);
}

Status SystemdBus::start_transient(const std::string& unit,
                                   const std::vector<UnitProperty>& properties) {
  WEIR_TRY(auto call, manager_call("StartTransientUnit"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "ss", unit.c_str(), "fail"), unit));
  WEIR_CHECK(append_all(call.get(), properties));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "a(sa(sv))", 0), unit));
  return run_job(std::move(call), fmt::format("start {}", unit));
}

Status SystemdBus::start(const std::string& unit) {
  WEIR_TRY(auto call, manager_call("StartUnit"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "ss", unit.c_str(), "fail"), unit));
  return run_job(std::move(call), fmt::format("start {}", unit));
}

Status SystemdBus::stop(const std::string& unit) {
  WEIR_TRY(auto call, manager_call("StopUnit"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "ss", unit.c_str(), "fail"), unit));
  auto done = run_job(std::move(call), fmt::format("stop {}", unit));
  if (!done && done.error().sys == ENOENT) return {};
  return done;
}

Status SystemdBus::set_properties(const std::string& unit,
                                  const std::vector<UnitProperty>& properties) {
  WEIR_TRY(auto call, manager_call("SetUnitProperties"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "sb", unit.c_str(), 1), unit));
  WEIR_CHECK(append_all(call.get(), properties));
  auto done = send(std::move(call), fmt::format("set {} of {}", properties.back().name, unit));
  rest();  // the agent sets some from time to time and waits in between
  return done ? Status{} : pass(std::move(done));
}

Status SystemdBus::reset_failed(const std::string& unit) {
  WEIR_TRY(auto call, manager_call("ResetFailedUnit"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "s", unit.c_str()), unit));
  WEIR_CHECK(send(std::move(call), fmt::format("reset {}", unit)));
  return {};
}

}  // namespace weir
