// SPDX-License-Identifier: Apache-2.0
// The command lines of runc and crun, as far as a wrapper must understand them.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/runtime/hook.h"

namespace weir {
namespace {

/// Options in front of the subcommand that take a value in the next word.
constexpr std::array<std::string_view, 7> global_values{
    "log", "log-format", "log-level", "root", "criu", "rootless", "cgroup-manager"};
/// The same behind create and run.
constexpr std::array<std::string_view, 9> create_values{
    "bundle", "b", "console-socket", "pid-file",     "preserve-fds",
    "config", "f", "pidfd-socket",   "notify-socket"};

/// "--log=x", "-log x", "-bx": a name, and a value if it stands in the same word.
struct OptionWord {
  std::string_view name;
  std::optional<std::string_view> value;
};

std::optional<OptionWord> option_in(std::string_view word) {
  if (word.size() < 2 || word.front() != '-' || word == "--") return std::nullopt;
  const bool is_long = word.starts_with("--");
  word.remove_prefix(is_long ? 2 : 1);
  const auto equals = word.find('=');
  if (equals != std::string_view::npos)
    return OptionWord{word.substr(0, equals), word.substr(equals + 1)};
  // crun's parser takes the value of a short option in the same word.
  const bool attached = !is_long && word.size() > 1 &&
                        (word.front() == 'b' || word.front() == 'f') && word != "bundle";
  if (attached) return OptionWord{word.substr(0, 1), word.substr(1)};
  return OptionWord{word, std::nullopt};
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& argv) : argv_(argv) {}

  Result<RuntimeCall> read() {
    if (!argv_.empty()) out_.argv.push_back(argv_.front());
    while (++at_ < argv_.size()) {
      if (out_.command.empty() && is_pool_option()) {
        WEIR_CHECK(take_pool());
        continue;
      }
      take_word();
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_pool_option() const {
    const std::string_view word{argv_[at_]};
    return word == "--pool" || word.starts_with("--pool=");
  }

  Status take_pool() {
    const std::string_view word{argv_[at_]};
    const auto equals = word.find('=');
    if (equals != std::string_view::npos)
      out_.pool = std::string{word.substr(equals + 1)};
    else if (at_ + 1 < argv_.size())
      out_.pool = argv_[++at_];
    if (out_.pool && !out_.pool->empty()) return {};
    return fail(Errc::usage, "--pool wants the name of a pool");
  }

  void take_word() {
    const auto& word = argv_[at_];
    out_.argv.push_back(word);
    const auto option = only_operands_ ? std::nullopt : option_in(word);
    if (option) return take_option(*option);
    if (word == "--") {
      only_operands_ = true;
    } else if (out_.command.empty()) {
      out_.command = word;
    } else if (out_.id.empty()) {
      out_.id = word;
    }
  }

  void take_option(const OptionWord& option) {
    const bool global = out_.command.empty();
    const auto takes_value = [&](const auto& names) {
      return std::ranges::find(names, option.name) != names.end();
    };
    auto value = option.value;
    if (!value && (global ? takes_value(global_values) : takes_value(create_values)) &&
        at_ + 1 < argv_.size()) {
      out_.argv.push_back(argv_[++at_]);
      value = argv_[at_];
    }
    if (global)
      take_global(option.name, value);
    else if (value && (option.name == "bundle" || option.name == "b"))
      out_.bundle = *value;
    else if (value && (option.name == "config" || option.name == "f"))
      out_.config = *value;
  }

  void take_global(std::string_view name, std::optional<std::string_view> value) {
    if (name == "systemd-cgroup") out_.systemd_cgroup = value.value_or("true") != "false";
    if (name == "cgroup-manager" && value) out_.systemd_cgroup = *value == "systemd";
    if (name == "log" && value) out_.log = std::string{*value};
    if (name == "log-format" && value) out_.log_is_json = *value == "json";
  }

  const std::vector<std::string>& argv_;
  std::size_t at_ = 0;
  bool only_operands_ = false;
  RuntimeCall out_;
};

}  // namespace

Result<RuntimeCall> parse_runtime_call(const std::vector<std::string>& argv) {
  return Reader(argv).read();
}

}  // namespace weir
