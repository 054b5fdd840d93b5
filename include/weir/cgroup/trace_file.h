// SPDX-License-Identifier: Apache-2.0
// The files of `weir simulate`: a trace comes in piece by piece, a page goes out whole.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

/// How much of a trace is read. A small file may unpack to a large text.
struct TraceBounds {
  std::size_t bytes = std::size_t{4} << 30;  ///< of text
  std::size_t lines = 20'000'000;            ///< each may become a job in memory
};

/// Takes a piece of text, cut anywhere; its error ends the reading.
using TakeText = std::function<Status(std::string_view)>;

/// Hands the text of the regular file `path` to `take`, unpacked when it is gzip (by its name
/// ".gz" or its first bytes). Errors of the content are "FILE:LINE: reason".
Status read_trace_text(const std::string& path, const TakeText& take,
                       const TraceBounds& bounds = {});

/// Whether write_page could put a file there: the folder exists, and nothing but a regular file
/// stands in its place. To be asked before hours of work, not instead of looking at the outcome.
Status check_page_path(const std::string& path);

/// Writes the file whole or not at all.
Status write_page(const std::string& path, const std::string& text);

}  // namespace weir
