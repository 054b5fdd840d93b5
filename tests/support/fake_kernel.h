// SPDX-License-Identifier: Apache-2.0
// A cgroup v2 hierarchy in memory that obeys the kernel's contract: tests/cgroup/contract.cpp runs
// on it and on real kernels, and where they disagree this one is wrong.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/model/cpu_set.h"

namespace weir::testing {

/// Thrown where a test asks for something that the fake does not know, so that it never guesses.
struct NotModelled : std::logic_error {
  using std::logic_error::logic_error;
};

struct FakeOptions {
  enum class Root {
    kernel,     ///< the hierarchy's own root: few files, processes beside controllers
    delegated,  ///< an ordinary cgroup whose parent has every controller enabled
  };
  Root root = Root::kernel;
  int cpus = 4;
  bool is_6_12 = true;  ///< else 6.1
  /// In the order in which the kernel lists them; a machine may lack some.
  std::vector<std::string> controllers{"cpuset", "cpu", "io", "memory", "pids"};
  std::vector<std::string> disks{"254:0"};
};

class FakeKernel final : public CgroupIo {
 public:
  explicit FakeKernel(FakeOptions options = {});
  ~FakeKernel() override;

  Result<std::string> read(const CgroupPath& cgroup, std::string_view file) override;
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override;
  Status make(const CgroupPath& cgroup) override;
  Status remove(const CgroupPath& cgroup) override;
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override;
  bool exists(const CgroupPath& cgroup) override;
  bool has_file(const CgroupPath& cgroup, std::string_view file) override;
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override;
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override;
  Result<UniqueFd> directory(const CgroupPath& cgroup) override;

  // What happens on the machine beside weir.

  /// A process born in `cgroup`, as by clone3(CLONE_INTO_CGROUP). Its id is above every real one.
  Result<int> spawn(const CgroupPath& cgroup);
  int spawn_kernel_thread();
  /// SIGKILL: a zombie until it is reaped.
  void kill(int pid);
  void reap(int pid);
  [[nodiscard]] bool is_alive(int pid) const;
  /// The process allocates memory, charged to the cgroup where it is now.
  void use_memory(int pid, std::int64_t bytes);
  /// It frees memory that it was charged for in `cgroup`.
  void release_memory(int pid, const CgroupPath& cgroup, std::int64_t bytes);
  void drop_cache(const CgroupPath& cgroup);
  /// Page cache, which can be reclaimed.
  void use_cache(const CgroupPath& cgroup, std::int64_t bytes);
  [[nodiscard]] int oom_kills() const { return oom_kills_; }
  /// The cgroup goes away between the open(2) and the read(2) of its next reader, who gets ENODEV.
  void remove_under_next_reader(const CgroupPath& cgroup) { vanishing_.insert(cgroup.str()); }

  /// Every cgroup with every file's value and every attribute: two dumps are equal when the trees
  /// are.
  [[nodiscard]] std::string dump();

 private:
  struct Node;
  struct Process {
    Node* at = nullptr;
    bool zombie = false;
    bool kernel_thread = false;
    std::map<Node*, std::int64_t> charges{};  // where it was when it allocated
  };

  Node* find(const CgroupPath& cgroup);
  [[nodiscard]] bool is_root(const Node& node) const;
  [[nodiscard]] unsigned available(const Node& node) const;
  [[nodiscard]] bool has(const Node& node, std::string_view file) const;

  [[nodiscard]] std::string read_value(const Node& node, std::string_view file) const;
  [[nodiscard]] std::string events(const Node& node) const;
  [[nodiscard]] std::string type(const Node& node) const;
  [[nodiscard]] std::string processes_in(const Node& node) const;
  [[nodiscard]] static std::int64_t cache_in(const Node& node);
  [[nodiscard]] std::string statistics(const Node& node, std::string_view file) const;

  /// 0 or an errno.
  int write_value(Node& node, std::string_view file, std::string_view value);
  int write_core(Node& node, std::string_view file, std::string_view value);
  int write_cpu(Node& node, std::string_view file, std::string_view value);
  int write_memory(Node& node, std::string_view file, std::string_view value);
  int write_cpuset(Node& node, std::string_view value);
  int write_io_max(Node& node, std::string_view value);
  int switch_controllers(Node& node, std::string_view value);
  int check_switch(const Node& node, unsigned& enable, unsigned& disable) const;
  int check_enable(const Node& node, unsigned enable) const;
  void set_controllers(Node& node, unsigned mask);
  int move_process(Node& node, std::string_view value);

  [[nodiscard]] bool has_tasks(const Node& node) const;
  [[nodiscard]] bool is_populated(const Node& node) const;
  [[nodiscard]] bool is_frozen(const Node& node) const;
  [[nodiscard]] bool is_mixable(const Node& node) const;
  [[nodiscard]] bool is_thread_root(const Node& node) const;
  [[nodiscard]] bool can_be_thread_root(const Node& node) const;
  [[nodiscard]] bool is_valid_domain(const Node& node) const;
  [[nodiscard]] int check_destination(const Node& node) const;

  [[nodiscard]] std::int64_t memory_in(const Node& node) const;
  [[nodiscard]] std::int64_t tasks_in(const Node& node) const;
  [[nodiscard]] CpuSet effective_cpus(const Node& node) const;
  void enforce_memory_max(Node& node, std::int64_t limit);
  static void reclaim(Node& node, std::int64_t& bytes);
  int pick_victim(const Node& node) const;
  void dump_node(const Node& node, const std::string& path, std::string& out) const;

  FakeOptions options_;
  std::unique_ptr<Node> root_;
  std::unique_ptr<Node> elsewhere_;  // where kernel threads are: not below this root
  std::map<int, Process> processes_;
  std::set<std::string> vanishing_;
  int next_pid_ = 10'000'000;  // above PID_MAX_LIMIT: never somebody real
  int oom_kills_ = 0;
};

}  // namespace weir::testing
