// SPDX-License-Identifier: Apache-2.0
// The contract's machine in memory; WEIR_TEST_FAKE=6.1 makes it the older kernel.
#include <cstdlib>
#include <string_view>

#include "cgroup/machine.h"
#include "support/fake_kernel.h"

namespace weir::testing {
namespace {

FakeOptions options() {
  FakeOptions out;
  out.root = FakeOptions::Root::delegated;
  out.cpus = 2;
  const char* version = std::getenv("WEIR_TEST_FAKE");
  out.is_6_12 = version == nullptr || std::string_view{version} != "6.1";
  return out;
}

class FakeMachine final : public Machine {
 public:
  FakeMachine() : kernel_(options()) {
    ignore(kernel_.write({}, "cgroup.subtree_control", "+cpuset +cpu +io +memory +pids"),
           "the contract's first case shows it");
  }

  CgroupIo& io() override { return kernel_; }
  CgroupIo& other() override { return kernel_; }
  Result<int> spawn(const CgroupPath& cgroup) override { return kernel_.spawn(cgroup); }
  void kill(int pid) override { kernel_.kill(pid); }
  void reap(int pid) override { kernel_.reap(pid); }
  bool is_alive(int pid) override { return kernel_.is_alive(pid); }
  Result<int> spawn_hog(const CgroupPath& cgroup, std::int64_t bytes) override {
    WEIR_TRY(const int pid, kernel_.spawn(cgroup));
    kernel_.use_memory(pid, bytes);
    return pid;
  }
  int dead_pid() override { return 4'000'000; }
  int kernel_thread() override { return kernel_.spawn_kernel_thread(); }
  std::string disk() override { return options().disks.front(); }
  int cpus() const override { return options().cpus; }
  bool is_6_12() const override { return options().is_6_12; }

 private:
  FakeKernel kernel_;
};

}  // namespace

std::unique_ptr<Machine> make_machine() { return std::make_unique<FakeMachine>(); }

}  // namespace weir::testing
