// SPDX-License-Identifier: Apache-2.0
// The sections of weir.toml: each reads one table into its part of the configuration.
#pragma once

#include <optional>

#include "table_reader.h"

namespace weir::config {

void read_host(const Field& field, HostSpec& host);
void read_hook(const Field& field, HookSpec& hook);
void read_runtime(const Field& field, RuntimeSpec& runtime);

/// Everything below [pool.NAME]. `at` is where the name stands.
PoolSpec read_pool(const Field& field, PoolName name, SourcePos at);

// Parts of a pool.
void read_cpu(const Field& field, CpuSpec& cpu);
void read_memory(const Field& field, MemorySpec& memory);
std::optional<IoSpec> read_io(const Field& field);
void read_container(const Field& field, ContainerDefaults& container);
AllowSpec read_allow(const Field& field);
MatchSpec read_match(const Field& field);

}  // namespace weir::config
