// SPDX-License-Identifier: Apache-2.0
#include "weir/model/hook_rules.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "hook_rules_words.h"

namespace weir {
namespace hook_rules {

std::string escaped(std::string_view text) {
  if (text.empty()) return "%";
  const auto is_plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F && c != '%';
  };
  if (std::ranges::all_of(text, is_plain)) return std::string{text};
  std::string out;
  for (const char c : text) {
    if (!is_plain(c))
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view word) {
  if (word == "%") return std::string{};
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      out += word[i];
      continue;
    }
    const auto digits = word.substr(i + 1, 2);
    unsigned byte = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != last) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace hook_rules

namespace {

using hook_rules::unescaped;
constexpr std::size_t most_pools = 10'000;

/// Takes one line after the other; false where a line cannot be what this version writes.
class Reader {
 public:
  explicit Reader(HookRules& out) : out_(out) {}

  bool take(std::string_view line) {
    const auto gap = std::min(line.find(' '), line.size());
    const auto key = line.substr(0, gap);
    const auto value = line.substr(std::min(gap + 1, line.size()));
    if (ended_) return false;
    if (line == hook_rules::last_line) return (ended_ = true);
    if (key == "pool") return take_pool(value);
    if (key == "default_pool") return take_default(value);
    return out_.tree.pools.empty() ? take_head(key, value) : take_of_pool(key, value);
  }
  [[nodiscard]] bool complete() const {
    return ended_ && !out_.mount.empty() && !out_.tree.top.is_root() && has_capacity_ &&
           std::ranges::none_of(out_.tree.pools,
                                [](const Pool& pool) { return pool.path.is_root(); });
  }

 private:
  template <class T>
  static bool number(std::string_view text, T& out, std::int64_t least, std::int64_t most) {
    const auto parsed = to_number<std::int64_t>(text);
    if (!parsed || *parsed < least || *parsed > most) return false;
    if constexpr (requires { out.value; })
      out = T{*parsed};
    else
      out = static_cast<T>(*parsed);
    return true;
  }
  template <class T>
  static bool number(std::string_view text, std::optional<T>& out, std::int64_t least,
                     std::int64_t most) {
    return number(text, out.emplace(), least, most);
  }
  static bool text(std::string_view word, std::string& out) {
    auto plain = unescaped(word);
    if (plain) out = std::move(*plain);
    return plain.has_value();
  }
  static bool path(std::string_view word, CgroupPath& out) {
    const auto plain = unescaped(word);
    auto parsed = plain ? CgroupPath::parse(*plain) : Result<CgroupPath>{};
    if (!plain || !parsed || parsed->is_root()) return false;
    out = std::move(*parsed);
    return true;
  }
  static bool factor(std::string_view text, double& out) {
    // Nearly all are whole, and reading those takes a hook no page of the library more.
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    const auto whole = to_number<std::int64_t>(text);
    const auto parsed = whole && *whole >= 0 && *whole <= exact
                            ? std::optional{static_cast<double>(*whole)}
                            : to_number<double>(text);
    if (!parsed || !std::isfinite(*parsed) || *parsed < 0 || *parsed > 1e9) return false;
    out = *parsed;
    return true;
  }

  bool take_head(std::string_view key, std::string_view value) {
    constexpr std::int64_t longest_wait = std::int64_t{1} << 40;
    auto& tree = out_.tree;
    if (key == "max_wait") {
      std::int64_t ms = 0;
      const bool good = number(value, ms, 0, longest_wait);
      out_.max_wait = std::chrono::milliseconds{ms};
      return good;
    }
    if (key == "mount") return text(value, out_.mount) && out_.mount.starts_with('/');
    if (key == "prefix") return text(value, out_.prefix) && out_.prefix.starts_with('/');
    if (key == "runtime") return text(value, out_.runtime.emplace());
    if (key == "top") return path(value, tree.top);
    if (key == "systemd") return tree.backend = Backend::systemd, value.empty();
    const auto words = split(value, ' ');
    if (key == "capacity")
      return has_capacity_ = words.size() == 3 && number(words[0], tree.capacity.cpu, 0, largest) &&
                             number(words[1], tree.capacity.memory, 0, largest) &&
                             number(words[2], tree.capacity.pids, 0, largest);
    if (key == "overcommit")
      return words.size() == 2 && factor(words[0], tree.host.overcommit.cpu) &&
             factor(words[1], tree.host.overcommit.memory);
    return false;
  }

  bool take_pool(std::string_view value) {
    auto name = PoolName::parse(value);
    if (!name || out_.tree.find(value) || out_.tree.pools.size() == most_pools) return false;
    out_.tree.pools.push_back(Pool{.spec = PoolSpec{.name = std::move(*name)}});
    out_.allowed.emplace_back();
    return true;
  }

  bool take_default(std::string_view value) {
    out_.default_pool = out_.tree.find(value);
    return out_.default_pool.has_value();
  }

  bool take_parent(std::string_view value) {
    auto& pools = out_.tree.pools;
    const auto parent = out_.tree.find(value);
    const auto own = pools.size() - 1;
    if (!parent || *parent == own || pools[own].parent) return false;
    pools[own].parent = parent;
    pools[*parent].children.push_back(own);
    return true;
  }

  bool take_of_pool(std::string_view key, std::string_view value) {
    auto& pool = out_.tree.pools.back();
    if (key == "parent") return take_parent(value);
    if (key == "path") return path(value, pool.path) && pool.path.is_within(out_.tree.top);
    if (key == "cpu_reservation") return number(value, pool.cpu.reservation, 0, largest);
    if (key == "cpu_limit") return number(value, pool.cpu.limit, 0, largest);
    if (key == "cpu_shares") return number(value, pool.cpu.shares, 1, max_shares);
    if (key == "memory_reservation") return number(value, pool.memory.reservation, 0, largest);
    if (key == "memory_limit") return number(value, pool.memory.limit, 0, largest);
    if (key == "memory_shares") return number(value, pool.memory.shares, 1, max_shares);
    if (key == "pids_limit") return number(value, pool.pids_limit, 0, largest);
    if (key == "cpu_closed") return pool.cpu.expandable = false, value.empty();
    if (key == "memory_closed") return pool.memory.expandable = false, value.empty();
    return take_spec(pool.spec, key, value);
  }

  bool take_spec(PoolSpec& spec, std::string_view key, std::string_view value) {
    if (key == "max_containers") return number(value, spec.max_containers, 0, largest);
    if (key == "hard") return spec.memory.hard = value.empty();
    if (key == "swap") return number(value, spec.memory.swap, 0, largest);
    if (key == "on_error_closed") return spec.on_error = OnError::closed, value.empty();
    if (key == "oom_process") return spec.oom = OomScope::process, value.empty();
    if (key.starts_with("container_")) return take_defaults(spec.container, key.substr(10), value);
    if (key == "allow") return spec.allow.emplace(), value.empty();
    if (key == "match") return spec.match.emplace(), value.empty();
    if (key.starts_with("match_")) return spec.match && take_match(*spec.match, key, value);
    return spec.allow && take_allow(*spec.allow, key, value);
  }

  static bool take_defaults(ContainerDefaults& out, std::string_view key, std::string_view value) {
    out.given = true;
    if (key == "cpu_request") return number(value, out.cpu_request, 0, largest);
    if (key == "cpu_limit") return number(value, out.cpu_limit, 0, largest);
    if (key == "memory_request") return number(value, out.memory_request, 0, largest);
    if (key == "memory_limit") return number(value, out.memory_limit, 0, largest);
    if (key == "value") return factor(value, out.value.emplace());
    if (key != "work") return false;
    std::int64_t ms = 0;
    if (!number(value, ms, 0, std::int64_t{1} << 50)) return false;
    out.work = std::chrono::milliseconds{ms};
    return true;
  }

  bool take_allow(AllowSpec& out, std::string_view key, std::string_view value) {
    constexpr std::int64_t most_id = 4'294'967'294, most_priority = 1'000'000'000;
    auto& ids = out_.allowed.back();
    if (key == "allow_user") return number(value, ids.users.emplace_back(), 0, most_id);
    if (key == "allow_group") return number(value, ids.groups.emplace_back(), 0, most_id);
    if (key == "allow_annotation") return out.annotation = value.empty();
    if (key == "max_priority")
      return number(value, out.max_priority, -most_priority, most_priority);
    if (key == "max_request_cpu") return number(value, out.max_request_cpu, 0, largest);
    if (key == "max_request_memory") return number(value, out.max_request_memory, 0, largest);
    return false;
  }

  static bool take_match(MatchSpec& out, std::string_view key, std::string_view value) {
    if (key == "match_uid") return number(value, out.uid.emplace_back(), 0, 4'294'967'294);
    if (key == "match_cgroup_parent") return text(value, out.cgroup_parent.emplace_back());
    const auto words = split(value, ' ');
    std::string name, wanted;
    if (words.size() != 2 || !text(words[0], name) || !text(words[1], wanted)) return false;
    if (key != "match_annotation" && key != "match_env") return false;
    auto& table = key == "match_env" ? out.env : out.annotation;
    return table.emplace(std::move(name), std::move(wanted)).second;
  }

  static constexpr std::int64_t largest = max_bytes.value;

  HookRules& out_;
  bool ended_ = false, has_capacity_ = false;
};

}  // namespace

std::optional<OnError> HookRules::parse_on_error(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  for (const auto choice : {OnError::open, OnError::closed})
    if (line.starts_with(hook_rules::version) &&
        line.substr(hook_rules::version.size()) == to_text(choice))
      return choice;
  return std::nullopt;
}

Result<HookRules> HookRules::parse(std::string_view text) {
  constexpr std::string_view again = "`weir apply` writes it again";
  if (text.size() > longest_hook_rules)
    return fail(Errc::failed, "is too large", std::string{again});
  const auto on_error = parse_on_error(text);
  if (!on_error) return fail(Errc::failed, "has an unknown first line", std::string{again});
  HookRules out;
  out.on_error = *on_error;
  Reader reader(out);
  for (auto rest = text.substr(text.find('\n') + 1); !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    if (end == std::string_view::npos || !reader.take(line))
      return fail(Errc::failed, fmt::format("line '{}' is malformed", printable(line, 60)),
                  std::string{again});
    rest.remove_prefix(end + 1);
  }
  if (!reader.complete()) return fail(Errc::failed, "is incomplete", std::string{again});
  return out;
}

}  // namespace weir
