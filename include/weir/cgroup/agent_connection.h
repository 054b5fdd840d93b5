// SPDX-License-Identifier: Apache-2.0
// The agent's socket, seen from an ordinary user's weir.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

class AgentConnection {
 public:
  /// Connects to the agent of root's, or of this very user's, at `path`, and waits for its
  /// `greeting`. Nothing where nobody listens there.
  static Result<std::optional<AgentConnection>> open(const std::string& path,
                                                     std::string_view greeting);

  /// Sends one message and waits for the answer, as long as it takes.
  Result<std::string> ask(std::string_view message, std::size_t longest_answer);

 private:
  explicit AgentConnection(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace weir
