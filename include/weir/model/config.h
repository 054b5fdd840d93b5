// SPDX-License-Identifier: Apache-2.0
// weir.toml as the administrator wrote it: typed and checked key by key, not yet against a host.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/base/units.h"
#include "weir/model/cpu_set.h"
#include "weir/model/host.h"
#include "weir/model/names.h"

namespace weir {

/// A place in one of the configuration files. Lines and columns count from 1; columns count bytes.
struct SourcePos {
  std::size_t file = 0;  ///< index into Config::files
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  auto operator<=>(const SourcePos&) const = default;
};

/// A value and where it was written.
template <class T>
struct Located {
  T value;
  SourcePos at;
};

/// A reservation or a limit: absolute, or a percentage of the parent's same value.
template <class T>
using Amount = std::variant<T, Percent>;

template <class T>
using LocatedAmount = std::optional<Located<Amount<T>>>;

enum class PolicyKind { fair, drf, fifo, round_robin, priority, throughput, latency };
enum class Mode { fixed, dynamic };  ///< "static" and "dynamic"
enum class Preempt { none, freeze, kill };
enum class OnError { open, closed };
enum class OomScope { group, process };
enum class BackendChoice { automatic, cgroupfs, systemd };

std::string_view to_text(PolicyKind policy);
std::string_view to_text(Mode mode);
std::string_view to_text(Preempt preempt);
std::string_view to_text(OnError on_error);
std::string_view to_text(OomScope oom);

inline constexpr std::int64_t default_shares = 100;
inline constexpr std::int64_t max_shares = 1'000'000;
inline constexpr std::size_t max_pool_depth = 6;

struct CpuSpec {
  LocatedAmount<Cores> reservation, limit;
  std::optional<std::int64_t> shares;
  SourcePos shares_at = {};
};

struct MemorySpec {
  LocatedAmount<Bytes> reservation, limit;
  std::optional<std::int64_t> shares;
  std::optional<Bytes> swap;  ///< memory.swap.max of the pool; absent: not limited by weir
  bool hard = false;          ///< memory.min instead of memory.low
  SourcePos shares_at = {};
};

struct PidsSpec {
  LocatedAmount<Tasks> limit;
};

/// One direction of one disk: bytes or operations a second, never a percentage.
template <class T>
struct IoAmounts {
  std::optional<Located<T>> reservation, limit;
};

struct IoSpec {
  Located<std::string> path;
  std::optional<std::int64_t> shares = {};
  IoAmounts<BytesPerSecond> read_bps = {}, write_bps = {};
  IoAmounts<OpsPerSecond> read_iops = {}, write_iops = {};
  SourcePos shares_at = {};
};

/// What a container gets that asks for nothing itself.
struct ContainerDefaults {
  std::optional<Cores> cpu_request, cpu_limit;
  std::optional<Bytes> memory_request, memory_limit;
  std::optional<double> value;
  std::optional<std::chrono::milliseconds> work;
  bool given = false;  ///< the file has [pool.NAME.container]
  SourcePos at = {};   ///< where
  SourcePos cpu_request_at = {}, cpu_limit_at = {};
  SourcePos memory_request_at = {}, memory_limit_at = {};
};

struct AllowSpec {
  std::vector<std::string> users, groups;
  bool annotation = false;
  std::optional<std::int64_t> max_priority;
  std::optional<Cores> max_request_cpu;
  std::optional<Bytes> max_request_memory;
};

struct MatchSpec {
  std::map<std::string, std::string> annotation;
  std::vector<std::string> cgroup_parent;
  std::map<std::string, std::string> env;
  std::vector<std::int64_t> uid;
};

struct PoolSpec {
  PoolName name;
  SourcePos at = {};  ///< of its [pool.NAME]
  std::optional<Located<std::string>> parent = {};
  Located<std::int64_t> shares{default_shares, {}};
  CpuSpec cpu = {};
  MemorySpec memory = {};
  PidsSpec pids = {};
  std::optional<Located<CpuSet>> cpus = {};
  std::vector<IoSpec> io = {};
  std::string seccomp = "none";
  Located<PolicyKind> policy{PolicyKind::fair, {}};
  Mode mode = Mode::fixed;
  std::optional<bool> expandable = {};
  std::optional<std::chrono::milliseconds> slice_time = {};
  bool backfill = false;
  Preempt preempt = Preempt::none;
  std::vector<Located<std::string>> spill = {};
  OnError on_error = OnError::open;
  OomScope oom = OomScope::group;
  std::optional<std::int64_t> max_containers = {};
  ContainerDefaults container = {};
  std::optional<AllowSpec> allow = {};
  std::optional<MatchSpec> match = {};
  /// Some of its amounts could not be read: sums with them would only repeat that mistake.
  bool unsure = false;
};

struct DiskSpec {
  Located<std::string> path;
  std::optional<BytesPerSecond> read_bps = {}, write_bps = {};
  std::optional<OpsPerSecond> read_iops = {}, write_iops = {};
};

struct Overcommit {
  double cpu = 4.0;
  double memory = 1.0;
};

struct HostSpec {
  SourcePos at = {};
  std::string slice = "weir.slice";
  BackendChoice backend = BackendChoice::automatic;
  Reserve reserve;
  Overcommit overcommit;
  std::optional<Located<std::string>> default_pool = {};
  std::vector<DiskSpec> disks = {};
  SourcePos reserve_at = {};  ///< where a reserve that leaves nothing is to be reported
};

struct HookSpec {
  OnError on_error = OnError::open;
  std::chrono::milliseconds max_wait{10'000};
};

struct RuntimeSpec {
  std::optional<std::string> path;  ///< absent: crun, else runc
};

/// A file the configuration came from, with its text for the caret under a mistake.
struct SourceFile {
  std::string path;
  std::string text;
};

struct Config {
  std::vector<SourceFile> files;
  HostSpec host;
  HookSpec hook;
  RuntimeSpec runtime;
  std::vector<PoolSpec> pools;  ///< in file order
};

/// One mistake (or warning) in a configuration file.
struct Diagnostic {
  SourcePos at;
  std::string key;      ///< "pool.web.memory.limit"
  std::string message;  ///< without the place
  std::string hint;     ///< may be empty
  bool warning = false;
};

}  // namespace weir
