// SPDX-License-Identifier: Apache-2.0
// What comes over the agent's socket, from either side: what is accepted is within its bounds and
// comes back the same when it is written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/model/agent_message.h"
#include "weir/model/freeze_reasons.h"
#include "weir/model/process_ids.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_error(const Error& error) {
  require(error.message.size() < 5000);
  require(error.message.find('\n') == std::string::npos);
}

void check_request(std::string_view text) {
  const auto request = AgentRequest::parse(text);
  if (!request) return check_error(request.error());
  if (request->wait) require(request->wait->count() >= 0);
  const auto again = AgentRequest::parse(request->str());
  require(again && again->str() == request->str());
}

void check_reply(std::string_view text) {
  const auto reply = AgentReply::parse(text);
  if (!reply) return check_error(reply.error());
  if (reply->error) check_error(*reply->error);
  for (const auto& entry : reply->containers) require(entry.pids >= 0 && entry.memory >= Bytes{0});
  const auto again = AgentReply::parse(reply->str());
  require(again && again->str() == reply->str());
}

void check_others(std::string_view text) {
  if (const auto ids = parse_process_ids(text); !ids) check_error(ids.error());
  const auto reasons = FreezeReasons::parse(text);
  require(FreezeReasons::parse(reasons.str()) == reasons);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_request(text);
  check_reply(text);
  check_others(text);
  return 0;
}
