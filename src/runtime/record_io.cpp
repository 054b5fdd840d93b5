// SPDX-License-Identifier: Apache-2.0
#include "record_io.h"

namespace weir {

Result<std::optional<std::string>> read_record_text(CgroupIo& io, const CgroupPath& container) {
  auto text = io.attribute(container, attribute::container);
  if (!text && is_gone(text.error())) return std::optional<std::string>{};
  return text;
}

Result<std::optional<ContainerRecord>> read_record(CgroupIo& io, const CgroupPath& container) {
  WEIR_TRY(const auto text, read_record_text(io, container));
  if (!text) return std::optional<ContainerRecord>{};
  auto record = ContainerRecord::parse(*text);
  return record ? std::optional{std::move(*record)} : std::nullopt;
}

Status set_record(CgroupIo& io, const CgroupPath& container, const ContainerRecord& record) {
  return io.set_attribute(container, attribute::container, record.str());
}

}  // namespace weir
