// SPDX-License-Identifier: Apache-2.0
#include "weir/config/seccomp.h"

#include <doctest/doctest.h>
#include <string>

using namespace weir;
using Kind = SeccompAction::Kind;

namespace {

const SeccompContext root{true, "amd64", 6, 12};
const SeccompContext user{false, "amd64", 6, 1};

SeccompProfile parsed(const std::string& json, const SeccompContext& context = root) {
  auto profile = parse_seccomp(json, context);
  REQUIRE_MESSAGE(profile.has_value(), json << ": " << profile.error().message);
  return std::move(*profile);
}

std::string with_rule(const std::string& rule) {
  return R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [)" + rule + "]}";
}

std::string refusal(const std::string& json) {
  const auto profile = parse_seccomp(json, root);
  REQUIRE_MESSAGE(!profile.has_value(), json);
  CHECK(profile.error().code == Errc::usage);
  return profile.error().message;
}

}  // namespace

TEST_CASE("seccomp: a profile of the OCI runtime specification") {
  const auto profile = parsed(R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
    "syscalls": [
      {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
      {"names": ["clone"], "action": "SCMP_ACT_KILL_PROCESS", "args": [
        {"index": 0, "value": 2114060288, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"},
        {"index": 5, "value": 18446744073709551615, "op": "SCMP_CMP_NE"}]},
      {"names": ["openat"], "action": "SCMP_ACT_TRACE", "errnoRet": 7},
      {"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]})");
  CHECK(profile.default_action == SeccompAction{Kind::error, 38});
  CHECK(profile.architectures.size() == 2);
  CHECK(profile.log);
  CHECK_FALSE(profile.allow_speculation);
  REQUIRE(profile.rules.size() == 4);
  CHECK(profile.rules[0].names == std::vector<std::string>{"read", "write"});
  CHECK(profile.rules[1].action == SeccompAction{Kind::kill_process, 0});
  REQUIRE(profile.rules[1].arguments.size() == 2);
  CHECK(profile.rules[1].arguments[0].value_two == 1);
  CHECK(profile.rules[1].arguments[1].value == ~std::uint64_t{0});
  CHECK(profile.rules[1].arguments[1].op == SeccompArgument::Op::not_equal);
  CHECK(profile.rules[2].action == SeccompAction{Kind::trace, 7});
  CHECK(profile.rules[3].action == SeccompAction{Kind::error, 1});  // EPERM by default
}

TEST_CASE("seccomp: docker's conditions decide whether a rule counts") {
  const auto rule = [](const std::string& conditions) {
    return with_rule(R"({"names": ["mount"], "action": "SCMP_ACT_LOG", )" + conditions + "}");
  };
  const auto counts = [&](const std::string& conditions, const SeccompContext& context) {
    return parsed(rule(conditions), context).rules.size() == 1;
  };
  CHECK(counts(R"("includes": {}, "excludes": {})", user));
  CHECK(counts(R"("includes": {"caps": ["CAP_SYS_ADMIN"]})", root));
  CHECK_FALSE(counts(R"("includes": {"caps": ["CAP_SYS_ADMIN"]})", user));
  CHECK_FALSE(counts(R"("excludes": {"caps": ["CAP_SYS_ADMIN"]})", root));
  CHECK(counts(R"("excludes": {"caps": ["CAP_SYS_ADMIN"]})", user));
  CHECK(counts(R"("includes": {"arches": ["arm64", "amd64"]})", root));
  CHECK_FALSE(counts(R"("includes": {"arches": ["arm64"]})", root));
  CHECK(counts(R"("includes": {"minKernel": "6.8"})", root));
  CHECK_FALSE(counts(R"("includes": {"minKernel": "6.8"})", user));
  CHECK_FALSE(counts(R"("includes": {"caps": ["CAP_BPF"], "arches": ["arm64"]})", root));
}

TEST_CASE("seccomp: docker's architecture map is kept for whoever knows the machine") {
  const auto profile = parsed(R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [
    {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]})");
  REQUIRE(profile.variants.size() == 1);
  CHECK(profile.variants[0].architecture == "SCMP_ARCH_X86_64");
  CHECK(profile.variants[0].others == std::vector<std::string>{"SCMP_ARCH_X86"});
}

TEST_CASE("seccomp: what is wrong is refused by name") {
  CHECK(refusal("").find("no JSON") != std::string::npos);
  CHECK(refusal("[]").find("no JSON") != std::string::npos);
  CHECK(refusal("{}").find("defaultAction is missing") != std::string::npos);
  CHECK(refusal(R"({"defaultAction": "SCMP_ACT_ALOW"})").find("SCMP_ACT_ALOW") !=
        std::string::npos);
  CHECK(refusal(R"({"defaultAction": "SCMP_ACT_NOTIFY"})").find("listener") != std::string::npos);
  CHECK(refusal(R"({"defaultAction": 7})").find("defaultAction") != std::string::npos);
  CHECK(refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]})").find("'X'") !=
        std::string::npos);
  CHECK(refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})").find("syscalls") !=
        std::string::npos);
  for (
      const auto* rule :
      {R"({"names": [], "action": "SCMP_ACT_LOG"})", R"({"action": "SCMP_ACT_LOG"})",
       R"({"names": ["read"]})", R"({"names": "read", "action": "SCMP_ACT_LOG"})",
       R"({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096})",
       R"({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": -1})",
       R"({"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]})",
       R"({"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "op": "="}]})",
       R"({"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0}]})", "7"})
    refusal(with_rule(rule));
}

TEST_CASE("seccomp: size and depth are bounded") {
  CHECK(refusal(std::string(std::size_t{2} << 20, ' ')).find("1 MiB") != std::string::npos);
  refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "x": )" + std::string(100'000, '[') +
          std::string(100'000, ']') + "}");
  std::string many = R"({"names": ["read"], "action": "SCMP_ACT_LOG"})";
  for (int i = 0; i < 4096; ++i) many += R"(,{"names": ["read"], "action": "SCMP_ACT_LOG"})";
  refusal(with_rule(many));
}

TEST_CASE("seccomp: the built-in profiles are profiles") {
  for (const auto* name : {"default", "strict"}) {
    const auto json = builtin_seccomp(name);
    REQUIRE(json.has_value());
    CHECK(parse_seccomp(*json, user).has_value());
  }
  CHECK_FALSE(builtin_seccomp("none").has_value());
}
