// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the JSON header of a safetensors file: which tensor lies where.
#include "bundle/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "bundle/json_reader.h"

namespace jetsoncaption {

namespace {

using nlohmann::json;

constexpr size_t kMaxDimensions = 8;

constexpr DataType kDataTypes[] = {DataType::F32, DataType::F16, DataType::I8};

Error corrupt(const std::string& message) {
  return Error{ErrorKind::CorruptModel, message};
}

Result<DataType> parse_data_type(const json& entry, const std::string& where) {
  const auto field = entry.find("dtype");
  if (field == entry.end() || !field->is_string()) {
    return corrupt(where + " has " + (field == entry.end() ? "no dtype" : "dtype " + show(*field)) +
                   "; use the text F32, F16 or I8");
  }
  for (DataType type : kDataTypes) {
    if (field->get_ref<const std::string&>() == data_type_name(type))
      return type;
  }
  return corrupt(where + " has dtype " + show(*field) + "; use F32, F16 or I8");
}

// The shape, and the number of bytes that it takes.
struct Extent {
  std::vector<int64_t> shape;
  uint64_t bytes = 0;
};

Result<Extent> parse_shape(const json& entry, DataType type, const std::string& where) {
  const auto field = entry.find("shape");
  if (field == entry.end() || !field->is_array() || field->size() > kMaxDimensions) {
    return corrupt(where + " has " + (field == entry.end() ? "no shape" : "shape " + show(*field)) +
                   "; use an array of up to " + std::to_string(kMaxDimensions) + " whole numbers");
  }
  Extent extent;
  extent.bytes = data_type_size(type);
  // Half of what a signed 64-bit number holds: room for sums.
  constexpr uint64_t limit = std::numeric_limits<int64_t>::max() / 2;
  for (const json& side : *field) {
    if (!side.is_number_unsigned() || side.get<uint64_t>() > limit) {
      return corrupt(where + " has " + show(side) + " in its shape; use whole numbers from 0");
    }
    const uint64_t length = side.get<uint64_t>();
    if (length != 0 && extent.bytes > limit / length) {
      return corrupt(where + " has shape " + show(*field) + ", which is larger than any file");
    }
    extent.bytes *= length;
    extent.shape.push_back(static_cast<int64_t>(length));
  }
  return extent;
}

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Result<Range> parse_offsets(const json& entry, uint64_t data_bytes, const std::string& where) {
  const auto field = entry.find("data_offsets");
  if (field == entry.end() || !field->is_array() || field->size() != 2 ||
      !(*field)[0].is_number_unsigned() || !(*field)[1].is_number_unsigned()) {
    return corrupt(where + " has " +
                   (field == entry.end() ? "no data_offsets" : "data_offsets " + show(*field)) +
                   "; use [begin, end] in bytes");
  }
  const Range range{(*field)[0].get<uint64_t>(), (*field)[1].get<uint64_t>()};
  if (range.begin > range.end || range.end > data_bytes) {
    return corrupt(where + " has data_offsets " + show(*field) + ", but the file has " +
                   std::to_string(data_bytes) + " bytes of data; the file may be cut short");
  }
  return range;
}

Result<SafetensorsEntry> parse_entry(const std::string& name, const json& entry,
                                     uint64_t data_begin, uint64_t data_bytes,
                                     const std::string& path) {
  const std::string where = path + ": tensor " + show(name);
  if (!entry.is_object()) {
    return corrupt(where + " is " + show(entry) + "; use {dtype, shape, data_offsets}");
  }
  const auto type = parse_data_type(entry, where);
  if (!type.ok())
    return type.error();
  auto extent = parse_shape(entry, type.value(), where);
  if (!extent.ok())
    return extent.error();
  const auto range = parse_offsets(entry, data_bytes, where);
  if (!range.ok())
    return range.error();

  const uint64_t bytes = range.value().end - range.value().begin;
  if (bytes != extent.value().bytes) {
    return corrupt(where + " has " + std::to_string(bytes) + " bytes, but its shape " +
                   show(entry["shape"]) + " of " + data_type_name(type.value()) + " takes " +
                   std::to_string(extent.value().bytes));
  }
  const uint64_t position = data_begin + range.value().begin;
  if (position % data_type_size(type.value()) != 0) {
    return corrupt(where + " begins at byte " + std::to_string(position) +
                   " of the file, which is not a multiple of its element size " +
                   std::to_string(data_type_size(type.value())) + "; write the file again aligned");
  }
  return SafetensorsEntry{name,
                          {type.value(), std::move(extent.value().shape), nullptr},
                          range.value().begin,
                          range.value().end};
}

Result<void> check_metadata(const json& metadata, const std::string& path) {
  if (!metadata.is_object()) {
    return corrupt(path + ": __metadata__ is " + show(metadata) + "; use an object of texts");
  }
  for (const auto& item : metadata.items()) {
    if (!item.value().is_string()) {
      return corrupt(path + ": __metadata__ has " + show(item.value()) + " for " +
                     show(item.key()) + "; use a text");
    }
  }
  return {};
}

// The tensors must fill the data from its first byte to its last, each byte belonging to one.
Result<void> check_layout(std::vector<SafetensorsEntry>& entries, uint64_t data_bytes,
                          const std::string& path) {
  std::sort(entries.begin(), entries.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
            });
  uint64_t end = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != end) {
      const char* fault = entry.begin < end ? "overlaps the tensor before it"
                                            : "leaves a gap after the tensor before it";
      return corrupt(path + ": tensor " + show(entry.name) + " " + fault + ": it begins at byte " +
                     std::to_string(entry.begin) + " of the data and should begin at " +
                     std::to_string(end));
    }
    end = entry.end;
  }
  if (end != data_bytes) {
    return corrupt(path + " has " + std::to_string(data_bytes - end) +
                   " bytes after its last tensor; they should not be there");
  }
  return {};
}

}  // namespace

Result<std::vector<SafetensorsEntry>> parse_safetensors_header(const std::string& header,
                                                               uint64_t data_begin,
                                                               uint64_t data_bytes,
                                                               const std::string& path) {
  // The format asks for the brace at once: no blanks before it.
  if (header.empty() || header[0] != '{') {
    return corrupt(path + ": the header begins with " + show(header.substr(0, 8)) +
                   "; a safetensors header begins with {");
  }
  auto parsed = read_json_object(header, path + ": the header");
  if (!parsed.ok())
    return parsed.error();
  std::vector<SafetensorsEntry> entries;
  for (const auto& item : parsed.value().root().items()) {
    if (item.key() == "__metadata__") {
      const auto checked = check_metadata(item.value(), path);
      if (!checked.ok())
        return checked.error();
      continue;
    }
    auto entry = parse_entry(item.key(), item.value(), data_begin, data_bytes, path);
    if (!entry.ok())
      return entry.error();
    entries.push_back(std::move(entry.value()));
  }
  const auto layout = check_layout(entries, data_bytes, path);
  if (!layout.ok())
    return layout.error();
  return entries;
}

}  // namespace jetsoncaption
