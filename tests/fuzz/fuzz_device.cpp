// SPDX-License-Identifier: Apache-2.0
// Any text as mountinfo, io.max and device numbers. What was understood must read the same when it
// is written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/base/text.h"
#include "weir/model/block.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void io_max(std::string_view text) {
  const auto parsed = weir::parse_io_max(text);
  demand(weir::same_value(weir::file::io_max, text, text));
  if (!parsed) return;
  const auto written = weir::io_max_text(*parsed);
  const auto again = weir::parse_io_max(written);
  demand(again.has_value());
  demand(weir::io_max_text(*again) == written);
  for (const auto& [device, rates] : *parsed) {
    const auto line = weir::io_max_line(device, rates);
    demand(weir::DeviceNumber::parse(line.substr(0, line.find(' '))) == device);
    demand(weir::compare_values(weir::file::io_max, line, line) ==
           std::partial_ordering::equivalent);
  }
}

void mounts(std::string_view text) {
  for (const auto line : weir::split(text, '\n')) {
    const auto id = weir::to_number<std::uint64_t>(line.substr(0, line.find(' ')));
    if (!id) continue;
    const auto mount = weir::find_mount(text, *id);
    if (!mount) continue;
    demand(weir::DeviceNumber::parse(mount->device.str()) == mount->device);
    static_cast<void>(mount->option("upperdir"));
    static_cast<void>(mount->option(""));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  io_max(text);
  mounts(text);
  // The text before the first NUL beside the rest.
  const auto cut = std::min(text.find('\0'), text.size());
  const auto a = text.substr(0, cut), b = text.substr(std::min(cut + 1, size));
  if (weir::same_value(weir::file::io_max, a, b))
    demand(weir::same_value(weir::file::io_max, b, a));
  return 0;
}
