// SPDX-License-Identifier: Apache-2.0
// Another program, run to its end to see what it does.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.h"

namespace weir {

struct ProgramEnd {
  int status = 0;    ///< 128 + its number where a signal ended it
  std::string said;  ///< stdout and stderr together
};

/// Looked up in PATH, with nothing to read and weir's own environment. Errc::failed where it cannot
/// be started or has not ended after `patience`, Errc::usage where it says more than 64 KiB: then
/// its whole process group is killed.
Result<ProgramEnd> run_program(const std::vector<std::string>& argv,
                               std::chrono::milliseconds patience);

/// A new, empty folder for root alone below /tmp, or $TMPDIR; gone with this, and all in it.
class TempFolder {
 public:
  static Result<TempFolder> make();
  TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempFolder& operator=(TempFolder&&) = delete;
  ~TempFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace weir
