// SPDX-License-Identifier: Apache-2.0
// What every command starts with: the configuration, the host, and the door to its cgroups.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/cgroup/run_dir.h"
#include "weir/model/config.h"
#include "weir/model/host.h"
#include "weir/model/pool.h"
#include "weir/runtime/books.h"

namespace weir {

/// Where things are; the command line fills it.
struct Options {
  std::string config = "/etc/weir/weir.toml";
  std::optional<std::string> cgroup_root;  ///< absent: where cgroup2 is mounted
  std::string run_dir = "/run/weir";
};

/// The configuration against this host. `tree` is there only when no diagnostic is an error.
struct Loaded {
  Config config;
  Host host;
  std::vector<Diagnostic> diagnostics;
  std::optional<PoolTree> tree;

  [[nodiscard]] bool has_errors() const;
};

/// Reads host and configuration. Mistakes inside the files are diagnostics, not an error.
Result<Loaded> load(const Options& options);

/// The same with these texts instead of the files: a change that is tried before it is written.
Result<Loaded> load_texts(const Options& options, std::vector<SourceFile> files);

/// The host alone, for commands that need no configuration.
Result<Host> load_host(const Options& options);

struct Session {
  Config config;
  Host host;
  PoolTree tree;
  std::vector<std::string> warnings;  ///< rendered
  std::unique_ptr<CgroupIo> door;     ///< owns `io`; CgroupFs, or a fake in tests
  CgroupIo& io;
  RunDir run_dir;
  std::string audit_log = {};  ///< where changes and refusals are noted; empty: nowhere

  /// The books, for as long as the caller holds their lock.
  [[nodiscard]] Books books() { return {io, tree, run_dir}; }
};

/// Ready to read and write cgroups. Errc::config with every mistake in Error::details;
/// Errc::unsupported where the host lacks what weir needs, each with its remedy.
Result<Session> open_session(const Options& options);

/// The same with these texts instead of the files.
Result<Session> open_session_with(const Options& options, std::vector<SourceFile> files);

/// The same for `teardown`, which must work without a configuration file.
Result<Session> open_session_for_teardown(const Options& options);

}  // namespace weir
