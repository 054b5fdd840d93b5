// SPDX-License-Identifier: Apache-2.0
// The complete example of the manual: every key there is.
#pragma once

namespace weir::test {

inline constexpr const char* complete_example = R"toml([host]
slice = "weir.slice"                       # top of the tree, below the cgroup2 mount
backend = "auto"                           # auto | cgroupfs | systemd
reserve = { cpu = 0.5, memory = "512MiB" } # kept for the system, outside every pool; these are the defaults (memory counts from MemTotal)
overcommit = { cpu = 4.0, memory = 1.0 }   # what the limits of admitted containers may add up to; reservations never exceed capacity
default_pool = "batch"                     # for containers that fit no rule; absent: they are left alone

[[host.disk]]
path = "/var/lib/containers"               # file, directory, mount, partition or device: resolved to the whole disk
read_bps = "500MB"                         # what the disk can do: the capacity that io reservations and shares divide
write_bps = "300MB"
read_iops = 20000
write_iops = 10000

[hook]
on_error = "open"                          # when weir fails before it knows the pool
max_wait = "10s"                           # the longest a container may wait in a hook

[runtime]
path = "crun"                              # what weir-runtime hands over to; default crun, else runc

[pool.web]
shares = 200
cpu = { reservation = 2, limit = 6, shares = 300 }        # shares here override the pool's for this resource
memory = { reservation = "4GiB", limit = "12GiB", swap = "0" }   # hard = true: memory.min instead of memory.low
pids = { limit = 4096 }
cpus = "0-3"                                              # cpuset, optional
io = [ { path = "/var/lib/containers", shares = 200, write_bps = { reservation = "50MB", limit = "100MB" }, read_iops = { limit = 2000 } } ]
seccomp = "none"                                          # of `weir run` here: none (default) | default | strict | FILE

[pool.ci]
policy = "fifo"            # fair (default) | drf | fifo | round-robin | priority | throughput | latency
mode = "dynamic"           # static (default) | dynamic
expandable = true          # may borrow the parent's unreserved capacity; default: true for a resource in which the pool reserves nothing
slice_time = "1s"          # round-robin only; at least 100ms
backfill = true            # fifo only
preempt = "freeze"         # priority only: none | freeze | kill
spill = ["batch"]          # the rebalancer may move containers there
on_error = "closed"        # a hook that itself fails: "open" (default) lets the container start, "closed" refuses it
oom = "group"              # group (default): an OOM kill takes the whole container; process: one process
max_containers = 200
[pool.ci.container]        # for containers that ask for nothing themselves
cpu = { request = 1, limit = 2 }
memory = { request = "1GiB", limit = "2GiB" }
value = 1                  # throughput: worth of one container
work = "30s"               # latency: mean CPU seconds; absent: learnt from finished members
[pool.ci.allow]            # who may enter besides root; absent: root only
users = ["gitlab-runner"]
groups = ["ci"]
annotation = true          # may a container ask for this pool by annotation? default false (images carry annotations)
max_priority = 10
max_request = { cpu = 4, memory = "8GiB" }
[pool.ci.match]            # which containers come here by themselves
annotation = { "org.example.team" = "build" }
cgroup_parent = ["/ci*"]
env = { CI = "true" }
uid = [1001]

[pool.team]                # a pool with child pools holds no containers of its own, and its policy is fair
[pool.nightly]
parent = "team"
[pool.release]
parent = "team"

[pool.batch]
shares = 50
)toml";

}  // namespace weir::test
