// SPDX-License-Identifier: Apache-2.0
// Any CgroupIo, with one call that goes wrong.
#pragma once

#include <cerrno>
#include <cstddef>
#include <fmt/format.h>

#include "weir/cgroup/io.h"

namespace weir::testing {

/// The process ended here, as by SIGKILL: nothing catches it but the test.
struct Died {};

/// Calls are counted from 1; make, remove, write and set_attribute change the tree.
struct Fault {
  std::size_t at = 0;  ///< the number of the call that goes wrong; 0: none
  int error = EIO;     ///< the errno it fails with
  bool dies = false;   ///< throws Died instead, before anything happens
  bool reads = false;  ///< counts the calls that change nothing, instead of those that do
};

class FaultyIo final : public CgroupIo {
 public:
  explicit FaultyIo(CgroupIo& inner, Fault fault = {}) : inner_(inner), fault_(fault) {}

  /// How many calls of the counted kind there were.
  [[nodiscard]] std::size_t calls() const { return calls_; }
  /// What the call that went wrong was to do, as errors say it; empty before.
  [[nodiscard]] const std::string& broken() const { return broken_; }

  Result<std::string> read(const CgroupPath& cgroup, std::string_view file) override {
    WEIR_CHECK(look(fmt::format("open {}", shown(cgroup, file))));
    return inner_.read(cgroup, file);
  }
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override {
    WEIR_CHECK(change(fmt::format("write '{}' to {}", value, shown(cgroup, file))));
    return inner_.write(cgroup, file, value);
  }
  Status make(const CgroupPath& cgroup) override {
    WEIR_CHECK(change(fmt::format("mkdir {}", cgroup.str())));
    return inner_.make(cgroup);
  }
  Status remove(const CgroupPath& cgroup) override {
    WEIR_CHECK(change(fmt::format("rmdir {}", cgroup.str())));
    return inner_.remove(cgroup);
  }
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override {
    WEIR_CHECK(look(fmt::format("list {}", shown(cgroup, "."))));
    return inner_.children(cgroup);
  }
  bool exists(const CgroupPath& cgroup) override { return inner_.exists(cgroup); }
  bool has_file(const CgroupPath& cgroup, std::string_view file) override {
    return inner_.has_file(cgroup, file);
  }
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override {
    WEIR_CHECK(look(fmt::format("read trusted.weir.{} of {}", name, cgroup.str())));
    return inner_.attribute(cgroup, name);
  }
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override {
    WEIR_CHECK(change(fmt::format("set trusted.weir.{} of {}", name, cgroup.str())));
    return inner_.set_attribute(cgroup, name, value);
  }
  Result<UniqueFd> directory(const CgroupPath& cgroup) override { return inner_.directory(cgroup); }

 private:
  static std::string shown(const CgroupPath& cgroup, std::string_view file) {
    return cgroup.is_root() ? std::string{file} : fmt::format("{}/{}", cgroup.str(), file);
  }
  Status look(const std::string& doing) { return fault_.reads ? count(doing) : Status{}; }
  Status change(const std::string& doing) { return fault_.reads ? Status{} : count(doing); }
  Status count(const std::string& doing) {
    if (++calls_ != fault_.at) return {};
    broken_ = doing;
    if (fault_.dies) throw Died{};
    return os_fail(fault_.error, doing);
  }

  CgroupIo& inner_;
  Fault fault_;
  std::size_t calls_ = 0;
  std::string broken_;
};

}  // namespace weir::testing
