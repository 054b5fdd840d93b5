// SPDX-License-Identifier: Apache-2.0
// What systemd says of its units.
#include <cstdlib>
#include <fmt/format.h>

#include "systemd_bus.h"

namespace weir {
namespace {

constexpr std::size_t most_properties = 4096;
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* slice_interface = "org.freedesktop.systemd1.Slice";

}  // namespace

Result<PropertyValue> SystemdBus::read_value(sd_bus_message* reply, std::string_view type) {
  if (type == "t") {
    std::uint64_t number = 0;
    WEIR_CHECK(check(sd_->bus_message_read(reply, "t", &number), "read a number"));
    return PropertyValue{number};
  }
  if (type == "ay") {
    const void* bytes = nullptr;
    std::size_t size = 0;
    WEIR_CHECK(check(sd_->bus_message_read_array(reply, 'y', &bytes, &size), "read bytes"));
    const auto* begin = static_cast<const std::uint8_t*>(bytes);
    return PropertyValue{std::vector<std::uint8_t>(begin, begin + size)};
  }
  DeviceLimits limits;
  WEIR_CHECK(check(sd_->bus_message_enter_container(reply, 'a', "(st)"), "read device limits"));
  const char* path = nullptr;
  std::uint64_t limit = 0;
  int rc = 0;
  while ((rc = sd_->bus_message_read(reply, "(st)", &path, &limit)) > 0)
    limits.emplace_back(path, limit);
  WEIR_CHECK(check(rc, "read device limits"));
  WEIR_CHECK(check(sd_->bus_message_exit_container(reply), "read device limits"));
  return PropertyValue{std::move(limits)};
}

Result<std::map<std::string, PropertyValue>> SystemdBus::read_properties(sd_bus_message* reply) {
  std::map<std::string, PropertyValue> out;
  const auto what = "read properties";
  WEIR_CHECK(check(sd_->bus_message_enter_container(reply, 'a', "{sv}"), what));
  for (std::size_t seen = 0; seen < most_properties; ++seen) {
    const int more = sd_->bus_message_enter_container(reply, 'e', "sv");
    WEIR_CHECK(check(more, what));
    if (more == 0) break;
    const char *name = nullptr, *contents = nullptr;
    char type = 0;
    WEIR_CHECK(check(sd_->bus_message_read(reply, "s", &name), what));
    WEIR_CHECK(check(sd_->bus_message_peek_type(reply, &type, &contents), what));
    const std::string_view held = contents ? contents : "";
    if (is_resource_property(name) && (held == "t" || held == "ay" || held == "a(st)")) {
      WEIR_CHECK(check(sd_->bus_message_enter_container(reply, 'v', contents), what));
      WEIR_TRY(auto value, read_value(reply, held));
      out.emplace(name, std::move(value));
      WEIR_CHECK(check(sd_->bus_message_exit_container(reply), what));
    } else {
      WEIR_CHECK(check(sd_->bus_message_skip(reply, "v"), what));
    }
    WEIR_CHECK(check(sd_->bus_message_exit_container(reply), what));
  }
  return out;
}

Result<SystemdBus::Message> SystemdBus::unit_call(const std::string& unit, const char* interface,
                                                  const char* method) {
  WEIR_CHECK(reach());
  char* encoded = nullptr;
  WEIR_CHECK(
      check(sd_->bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &encoded), unit));
  const std::unique_ptr<char, void (*)(void*)> path{encoded, ::free};
  sd_bus_message* raw = nullptr;
  WEIR_CHECK(check(sd_->bus_message_new_method_call(bus_.get(), &raw, service_name, path.get(),
                                                    interface, method),
                   unit));
  return Message{raw, Close{sd_}};
}

Result<SystemdBus::Message> SystemdBus::get_property(const std::string& unit, const char* interface,
                                                     const char* name) {
  WEIR_TRY(auto call, unit_call(unit, properties_interface, "Get"));
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "ss", interface, name), name));
  return send(std::move(call), unit);
}

bool SystemdBus::is_transient(const std::string& unit) {
  const auto reply = get_property(unit, unit_interface, "Transient");
  int transient = 0;
  return reply && sd_->bus_message_read(reply->get(), "v", "b", &transient) >= 0 && transient != 0;
}

bool SystemdBus::is_not_found(const std::string& unit) {
  const auto reply = get_property(unit, unit_interface, "LoadState");
  const char* state = nullptr;
  return reply && sd_->bus_message_read(reply->get(), "v", "s", &state) >= 0 &&
         std::string_view{state} == "not-found";
}

std::string SystemdBus::text_of_slice(const std::string& slice, const char* name) {
  const auto reply = get_property(slice, slice_interface, name);
  const char* text = nullptr;
  const bool there = reply && sd_->bus_message_read(reply->get(), "v", "s", &text) >= 0;
  return there ? text : "";
}

Result<std::map<std::string, PropertyValue>> SystemdBus::resource_properties(
    const std::string& unit) {
  WEIR_TRY(auto call, unit_call(unit, properties_interface, "GetAll"));
  const char* interface =
      unit.ends_with(".scope") ? "org.freedesktop.systemd1.Scope" : slice_interface;
  WEIR_CHECK(check(sd_->bus_message_append(call.get(), "s", interface), unit));
  WEIR_TRY(const auto reply, send(std::move(call), fmt::format("ask for {}", unit)));
  return read_properties(reply.get());
}

}  // namespace weir
