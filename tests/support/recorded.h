// SPDX-License-Identifier: Apache-2.0
// A machine of tests/fixtures, laid out in a temporary folder.
#pragma once

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "weir/cgroup/fs.h"
#include "weir/cgroup/host_reader.h"

#include "support/temp_dir.h"

namespace weir::testing {

class RecordedMachine {
 public:
  explicit RecordedMachine(const std::string& name) {
    std::ifstream in(std::string{WEIR_FIXTURES} + "/" + name);
    REQUIRE_MESSAGE(in.good(), name);
    for (std::string line; std::getline(in, line);) take(line, in);
  }

  [[nodiscard]] HostRoots roots() const {
    HostRoots out;
    out.proc = dir_.at("proc");
    out.sys = dir_.at("sys");
    out.run = dir_.at("run");
    out.cgroup_root = dir_.at("cgroup");
    out.verify_cgroup2 = false;
    return out;
  }

  /// With weir's attributes, where this file system takes any; else `attributes_kept` is false.
  CgroupFs cgroups() {
    auto fs = CgroupFs::open(dir_.at("cgroup"), CgroupFs::Verify::none);
    REQUIRE(fs.has_value());
    for (const auto& [path, name, value] : attributes_)
      attributes_kept = attributes_kept && fs->set_attribute(path, name, value).has_value();
    return std::move(*fs);
  }
  bool attributes_kept = true;

 private:
  struct Attribute {
    CgroupPath path;
    std::string name, value;
  };

  void take(const std::string& line, std::istream& in) {
    std::istringstream words(line);
    std::string kind, path;
    words >> kind >> path;
    if (kind == "dir") std::filesystem::create_directories(dir_.at(path));
    if (kind == "attribute") take_attribute(path, words);
    if (kind != "file") return;
    std::size_t count = 0;
    words >> count;
    std::string text;
    for (std::string next; count > 0 && std::getline(in, next); --count) text += next + "\n";
    dir_.file(path, text);
  }

  void take_attribute(const std::string& path, std::istream& words) {
    std::string name, hex, value;
    words >> name >> hex;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      value += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    const auto relative = path.substr(path.find('/') + 1);
    attributes_.push_back({*CgroupPath::parse(relative), name, value});
  }

  TempDir dir_;
  std::vector<Attribute> attributes_;
};

}  // namespace weir::testing
