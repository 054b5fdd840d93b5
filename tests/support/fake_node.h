// SPDX-License-Identifier: Apache-2.0
// One cgroup of the fake kernel, and the table of interface files.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "weir/model/kernel_files.h"

#include "support/fake_kernel.h"
#include "support/kernel_parse.h"

namespace weir::testing {

/// Bits in the order in which the kernel lists controllers.
enum ControllerBit : unsigned {
  cpuset_bit = 1U << 0U,
  cpu_bit = 1U << 1U,
  io_bit = 1U << 2U,
  memory_bit = 1U << 3U,
  pids_bit = 1U << 4U,
};
inline constexpr unsigned threaded_bits = cpuset_bit | cpu_bit | pids_bit;

struct ControllerName {
  unsigned bit;
  std::string_view name;
};
inline constexpr std::array controller_names{
    ControllerName{cpuset_bit, "cpuset"}, ControllerName{cpu_bit, "cpu"},
    ControllerName{io_bit, "io"}, ControllerName{memory_bit, "memory"},
    ControllerName{pids_bit, "pids"}};

/// 0 for a name that no kernel has.
unsigned bit_named(std::string_view name);
std::string names_of(unsigned mask);

enum class Access { read, write, both };
enum class Where { everywhere, not_on_root };

struct FileInfo {
  std::string_view name;
  unsigned controller;  // 0: core, there without any controller
  Access access = Access::both;
  Where where = Where::not_on_root;
  std::string_view initial = {};
};
std::span<const FileInfo> file_table();
const FileInfo* file_info(std::string_view name);

struct FakeKernel::Node {
  std::string name;
  Node* parent = nullptr;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children{};
  unsigned controllers = 0;  // enabled for its children
  std::map<std::string, std::string, std::less<>> values{};
  std::map<std::string, std::string, std::less<>> attributes{};
  std::int64_t cache = 0;  // page cache charged here
  std::map<std::string, DeviceLimits, std::less<>> io_limits{};

  /// Every file of `mask` as a new cgroup has it.
  void reset(unsigned mask);
  [[nodiscard]] bool is_within(const Node& other) const;
  [[nodiscard]] std::int64_t descendants() const;
};

}  // namespace weir::testing
