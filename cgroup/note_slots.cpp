// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/note_slots.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace weir {
namespace {

off_t offset_of(std::size_t slot) { return static_cast<off_t>(slot * NoteSlots::slot_size); }

}  // namespace

Result<std::vector<NoteSlots::Note>> NoteSlots::read() const {
  std::vector<Note> out;
  std::array<char, slot_size> buffer;
  for (std::size_t slot = 0;;) {
    const auto n = ::pread(file_.get(), buffer.data(), buffer.size(), offset_of(slot));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, fmt::format("read {}", name_));
    const std::string_view page{buffer.data(), static_cast<std::size_t>(n)};
    if (const auto text = page.substr(0, page.find('\0')); !text.empty())
      out.push_back({slot, std::string{text}});
    // Of a regular file a part of what was asked for is the last.
    if (page.size() < slot_size) return out;
    ++slot;
  }
}

Status NoteSlots::write(std::size_t slot, const std::string& text) const {
  if (text.size() > longest)
    return fail(Errc::failed, fmt::format("{}: a note of {} bytes; the longest has {}", name_,
                                          text.size(), longest));
  return put(slot, text.c_str(), text.size() + 1);
}

Status NoteSlots::clear(std::size_t slot) const { return put(slot, "", 1); }

Status NoteSlots::cut(std::size_t slot) const {
  if (::ftruncate(file_.get(), offset_of(slot)) == 0) return {};
  return os_fail(errno, fmt::format("shorten {}", name_));
}

Status NoteSlots::put(std::size_t slot, const char* bytes, std::size_t size) const {
  for (;;) {
    const auto n = ::pwrite(file_.get(), bytes, size, offset_of(slot));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, fmt::format("write {}", name_));
    if (static_cast<std::size_t>(n) == size) return {};
    return fail(Errc::failed, fmt::format("write {}: only {} of {} bytes", name_, n, size));
  }
}

}  // namespace weir
