// SPDX-License-Identifier: Apache-2.0
// A conversation with systemd's manager (org.freedesktop.systemd1(5)).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "systemd_library.h"
#include "systemd_properties.h"

namespace weir {

/// Errors carry what systemd said. Error::sys is EEXIST for a unit that exists, ENOENT for one that
/// does not, EACCES where systemd refuses this user. Not safe for use from two threads at once.
class SystemdBus {
 public:
  /// As root straight to systemd, without a message bus between; else over the system bus. The
  /// connection is made when there is something to say.
  static Result<SystemdBus> make();

  /// Connected, and not to a backlog of signals. Whatever is said next does it, too; before that,
  /// systemd accepts the connection while the caller does something else.
  Status reach();
  /// Closes the connection until there is something to say again. Systemd sends every signal to
  /// whoever is connected directly and, where nobody reads them, keeps them in its own memory and
  /// in the end hangs up: nobody may be connected who only waits.
  void rest() { bus_.reset(); }

  /// Starts a transient unit and waits until systemd is done with it.
  Status start_transient(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Starts a unit that is known already, and waits.
  Status start(const std::string& unit);
  /// Stops it and waits. One that is not loaded is no error.
  Status stop(const std::string& unit);
  /// Until the next boot, not for ever: see forget_properties().
  Status set_properties(const std::string& unit, const std::vector<UnitProperty>& properties);
  /// Forgets that a unit has failed.
  Status reset_failed(const std::string& unit);
  /// Whether it was made by start_transient; false where it is not known.
  bool is_transient(const std::string& unit);
  /// Whether systemd looked for its file and found none, so that nothing can refer to it.
  bool is_not_found(const std::string& unit);
  /// A property of a slice that is text; empty where there is none.
  std::string text_of_slice(const std::string& slice, const char* name);
  /// Those of the unit's properties that are about resources.
  Result<std::map<std::string, PropertyValue>> resource_properties(const std::string& unit);

 private:
  struct Close {
    const SystemdLibrary* sd;
    void operator()(sd_bus* bus) const { sd->bus_flush_close_unref(bus); }
    void operator()(sd_bus_message* message) const { sd->bus_message_unref(message); }
  };
  using Bus = std::unique_ptr<sd_bus, Close>;
  using Message = std::unique_ptr<sd_bus_message, Close>;

  explicit SystemdBus(const SystemdLibrary* sd) : sd_(sd), bus_(nullptr, Close{sd}) {}
  static constexpr const char* service_name = "org.freedesktop.systemd1";

  static Status check(int rc, std::string_view what);
  Status connect();
  Status listen();
  Result<Message> get_property(const std::string& unit, const char* interface, const char* name);
  Result<Message> unit_call(const std::string& unit, const char* interface, const char* method);
  Result<Message> manager_call(const char* method);
  Result<Message> send(Message call, std::string_view what);
  Status append(sd_bus_message* call, const UnitProperty& property);
  Status append_all(sd_bus_message* call, const std::vector<UnitProperty>& properties);
  Status run_job(Message call, std::string_view what);
  Status wait_for(const std::string& job, std::string_view what);
  Result<std::map<std::string, PropertyValue>> read_properties(sd_bus_message* reply);
  Result<PropertyValue> read_value(sd_bus_message* reply, std::string_view type);

  const SystemdLibrary* sd_;
  Bus bus_;
  bool listens_ = false;  // to signals: systemd sends all of them to whoever is connected directly
  std::chrono::steady_clock::time_point last_used_{};
};

}  // namespace weir
