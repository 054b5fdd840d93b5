// SPDX-License-Identifier: Apache-2.0
#include "weir/model/names.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

/// What the ids of runtimes and systemd's unit names are made of.
bool is_runtime_byte(char c) {
  return is_alnum(c) || std::string_view{"_.+-@:\\"}.find(c) != std::string_view::npos;
}

/// The kernel's limit for one directory name.
constexpr std::size_t max_component = 255;
constexpr std::size_t max_path = 4000;

constexpr std::array<std::string_view, 10> interface_prefixes{
    "cgroup.", "cpu.", "cpuset.", "io.", "memory.", "pids.", "hugetlb.", "rdma.", "misc.", "dmem."};
constexpr std::array<std::string_view, 11> unit_suffixes{
    ".slice", ".scope",  ".service", ".socket", ".mount",    ".target",
    ".timer", ".device", ".swap",    ".path",   ".automount"};
constexpr std::array<std::string_view, 6> foreign_prefixes{"session-", "libpod-",         "docker-",
                                                           "crun-",    "cri-containerd-", "crio-"};

std::string quoted(std::string_view text) { return fmt::format("'{}'", printable(text, 80)); }

Status check_component(std::string_view whole, std::string_view part) {
  const bool bad_byte = std::ranges::any_of(
      part, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (part.empty() || part == "." || part == ".." || part.size() > max_component || bad_byte ||
      looks_like_interface_file(part))
    return fail(Errc::usage, fmt::format("cgroup path {} has the forbidden component {}",
                                         quoted(whole), quoted(part)));
  return {};
}

}  // namespace

bool looks_like_interface_file(std::string_view component) {
  const bool safe_end = component.ends_with(".slice") || component.ends_with(".scope") ||
                        component.ends_with(".service");
  return !safe_end && std::ranges::any_of(interface_prefixes, [&](auto prefix) {
    return component.starts_with(prefix);
  });
}

Result<PoolName> PoolName::parse(std::string_view text) {
  constexpr std::size_t longest = 31;
  const bool valid =
      !text.empty() && text.size() <= longest && is_lower(text.front()) &&
      std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
  if (!valid)
    return fail(Errc::usage, fmt::format("{} is not a pool name", quoted(text)),
                "pool names are a lower-case letter, then up to 30 of a-z, 0-9 and _");
  return PoolName{std::string{text}};
}

Result<ContainerName> ContainerName::parse(std::string_view text) {
  constexpr std::size_t longest = 64;
  const bool valid = !text.empty() && text.size() <= longest && is_alnum(text.front()) &&
                     std::ranges::all_of(text, [](char c) {
                       return is_alnum(c) || c == '_' || c == '.' || c == '-';
                     });
  if (!valid)
    return fail(
        Errc::usage, fmt::format("{} is not a container name", quoted(text)),
        "container names are a letter or digit, then up to 63 of A-Z, a-z, 0-9, _, . and -");
  if (std::ranges::any_of(unit_suffixes, [&](auto suffix) { return text.ends_with(suffix); }))
    return fail(Errc::usage,
                fmt::format("container name {} ends like a systemd unit", quoted(text)),
                "leave the suffix away");
  if (text == "init" || text == "container" || looks_like_interface_file(text) ||
      std::ranges::any_of(foreign_prefixes, [&](auto prefix) { return text.starts_with(prefix); }))
    return fail(Errc::usage,
                fmt::format("container name {} is reserved for the kernel, systemd or a runtime",
                            quoted(text)),
                "choose another name");
  return ContainerName{std::string{text}};
}

ContainerName ContainerName::of_leaf(std::string_view leaf) {
  constexpr std::string_view scope = ".scope";
  if (leaf.ends_with(scope) && leaf.size() > scope.size()) leaf.remove_suffix(scope.size());
  std::string name{leaf.substr(0, max_component - 1)};
  for (char& c : name)
    if (!is_runtime_byte(c)) c = '_';
  if (name.empty() || looks_like_interface_file(name)) name.insert(name.begin(), '_');
  return ContainerName{std::move(name)};
}

Result<ContainerName> ContainerName::parse_existing(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= max_component &&
                     !looks_like_interface_file(text) && std::ranges::all_of(text, is_runtime_byte);
  if (!valid) return fail(Errc::usage, fmt::format("{} is not a container name", quoted(text)));
  return ContainerName{std::string{text}};
}

Result<CgroupPath> CgroupPath::parse(std::string_view text) {
  if (text.empty()) return CgroupPath{};
  if (text.size() > max_path) return fail(Errc::usage, "cgroup path is longer than 4000 bytes");
  if (text.front() == '/' || text.back() == '/')
    return fail(Errc::usage,
                fmt::format("cgroup path {} must not begin or end with a slash", quoted(text)));
  for (const auto part : split(text, '/')) WEIR_CHECK(check_component(text, part));
  return CgroupPath{std::string{text}};
}

std::size_t CgroupPath::depth() const noexcept {
  if (text_.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '/'));
}

std::string_view CgroupPath::leaf() const noexcept {
  return std::string_view{text_}.substr(text_.rfind('/') + 1);  // npos + 1 is 0
}

CgroupPath CgroupPath::parent() const {
  const auto slash = text_.rfind('/');
  return CgroupPath{slash == std::string::npos ? std::string{} : text_.substr(0, slash)};
}

bool CgroupPath::is_within(const CgroupPath& other) const noexcept {
  if (other.is_root()) return true;
  if (!text_.starts_with(other.text_)) return false;
  return text_.size() == other.text_.size() || text_[other.text_.size()] == '/';
}

bool CgroupPath::is_child_of(const CgroupPath& other) const noexcept {
  const auto slash = text_.rfind('/');
  if (slash == std::string::npos) return other.is_root() && !is_root();
  return slash == other.text_.size() && text_.starts_with(other.text_);
}

Result<CgroupPath> CgroupPath::child(std::string_view component) const {
  if (component.find('/') != std::string_view::npos)
    return fail(Errc::usage, fmt::format("{} is not one path component", quoted(component)));
  WEIR_CHECK(check_component(component, component));
  return CgroupPath{text_.empty() ? std::string{component} : path_in(text_, component)};
}

Result<std::string> parse_slice_name(std::string_view text) {
  constexpr std::string_view suffix = ".slice";
  const auto stem =
      text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : std::string_view{};
  if (!PoolName::parse(stem))
    return fail(Errc::usage, fmt::format("{} is not the name of a top slice", quoted(text)),
                "write NAME.slice, NAME a lower-case letter and up to 30 of a-z, 0-9 and _");
  return std::string{text};
}

std::string slice_component(std::string_view top_slice, const std::vector<PoolName>& ancestry) {
  std::string out{top_slice.substr(0, top_slice.rfind('.'))};
  for (const auto& name : ancestry) out += "-" + name.str();
  return out + ".slice";
}

}  // namespace weir
