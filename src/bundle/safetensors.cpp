// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes safetensors files: 8 bytes with the length of a JSON header (little-endian), the
// header (safetensors_header.h), and the data.
#include "bundle/safetensors.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bundle/atomic_file.h"
#include "bundle/json_reader.h"
#include "bundle/safetensors_header.h"

namespace jetsoncaption {

namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 16 << 20;
constexpr size_t kDataAlignment = 64;  // of the files we write: a cache line

Error corrupt(const std::string& message) {
  return Error{ErrorKind::CorruptModel, message};
}

uint64_t read_length(const unsigned char* bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return length;
}

// What git leaves in place of a large file whose contents were not fetched.
constexpr char kLfsStart[] = "version https://git-lfs.github.com/spec/";

bool is_lfs_pointer(const void* bytes, size_t size) {
  constexpr size_t kLength = sizeof kLfsStart - 1;
  return size >= kLength && std::memcmp(bytes, kLfsStart, kLength) == 0;
}

}  // namespace

size_t data_type_size(DataType type) {
  switch (type) {
    case DataType::F32:
      return 4;
    case DataType::F16:
      return 2;
    case DataType::I8:
      return 1;
  }
  return 0;
}

const char* data_type_name(DataType type) {
  switch (type) {
    case DataType::F32:
      return "F32";
    case DataType::F16:
      return "F16";
    case DataType::I8:
      return "I8";
  }
  return "";
}

int64_t TensorView::elements() const {
  int64_t product = 1;
  for (int64_t side : shape)
    product *= side;
  return product;
}

size_t TensorView::bytes() const {
  return static_cast<size_t>(elements()) * data_type_size(type);
}

struct SafetensorsFile::Contents {
  // Where a tensor lies in the file.
  struct Place {
    size_t begin = 0;
    size_t end = 0;
    TensorView* tensor = nullptr;
  };

  std::string path;
  FileMemory memory;
  std::map<std::string, TensorView> tensors;
  std::vector<Place> places;  // one behind the other

  Contents(std::string file, FileMemory bytes) : path(std::move(file)), memory(std::move(bytes)) {}

  Result<void> read();
  Result<std::string> read_header();
};

Result<std::string> SafetensorsFile::Contents::read_header() {
  const size_t bytes = memory.size();
  if (bytes < kLengthBytes) {
    return corrupt(path + " has " + std::to_string(bytes) +
                   " bytes; a safetensors file has at least 8");
  }
  auto read = memory.read(std::min(bytes, sizeof kLfsStart));
  if (!read.ok())
    return read.error();
  const unsigned char* start = memory.data();
  if (is_lfs_pointer(start, bytes)) {
    return corrupt(
        path +
        " is a pointer of git LFS, not the weights themselves; run 'git lfs install' and "
        "'git lfs pull' in the clone (package git-lfs), or download the file");
  }
  const uint64_t header_bytes = read_length(start);
  const uint64_t limit = std::min<uint64_t>(kMaxHeaderBytes, bytes - kLengthBytes);
  if (header_bytes > limit) {
    return corrupt(path + " says that its header has " + std::to_string(header_bytes) +
                   " bytes; at most " + std::to_string(limit) +
                   " are possible in a file of this size");
  }
  read = memory.read(kLengthBytes + static_cast<size_t>(header_bytes));
  if (!read.ok())
    return read.error();
  return std::string(reinterpret_cast<const char*>(start) + kLengthBytes,
                     static_cast<size_t>(header_bytes));
}

Result<void> SafetensorsFile::Contents::read() {
  const auto header = read_header();
  if (!header.ok())
    return header.error();
  const size_t data_begin = kLengthBytes + header.value().size();
  auto entries =
      parse_safetensors_header(header.value(), data_begin, memory.size() - data_begin, path);
  if (!entries.ok())
    return entries.error();
  for (SafetensorsEntry& entry : entries.value()) {
    const size_t begin = data_begin + static_cast<size_t>(entry.begin);
    entry.tensor.data = memory.data() + begin;
    const auto added = tensors.emplace(std::move(entry.name), std::move(entry.tensor));
    places.push_back({begin, data_begin + static_cast<size_t>(entry.end), &added.first->second});
  }
  return memory.read_to_end();
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path, uint64_t most_bytes,
                                              Links links) {
  auto memory = FileMemory::open(path, most_bytes, links);
  if (!memory.ok())
    return memory.error();
  auto contents = std::make_unique<Contents>(path, std::move(memory.value()));
  const auto read = contents->read();
  if (!read.ok())
    return read.error();
  return SafetensorsFile(std::move(contents));
}

SafetensorsFile::SafetensorsFile(std::unique_ptr<Contents> contents)
    : contents_(std::move(contents)) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

const std::string& SafetensorsFile::path() const {
  return contents_->path;
}

const std::map<std::string, TensorView>& SafetensorsFile::tensors() const {
  return contents_->tensors;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = contents_->tensors.find(name);
  return found == contents_->tensors.end() ? nullptr : &found->second;
}

void SafetensorsFile::give_back(const Choice& is_copied) {
  for (auto& item : contents_->tensors) {
    if (item.second.data != nullptr && is_copied(item.first, item.second))
      item.second.data = nullptr;
  }
  // Neighbours together: a page that two of them share goes too.
  const std::vector<Contents::Place>& places = contents_->places;
  for (size_t first = 0, next = 0; first < places.size(); first = next) {
    const bool is_given_back = places[first].tensor->data == nullptr;
    for (next = first + 1; next < places.size(); ++next) {
      if ((places[next].tensor->data == nullptr) != is_given_back)
        break;
    }
    if (is_given_back)
      contents_->memory.give_back(places[first].begin, places[next - 1].end);
  }
}

Result<void> write_safetensors(const std::string& path,
                               const std::map<std::string, TensorView>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  std::vector<const std::pair<const std::string, TensorView>*> order;
  for (const auto& item : tensors)
    order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return data_type_size(a->second.type) > data_type_size(b->second.type);
  });

  json header = json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  size_t end = 0;
  for (const auto* item : order) {
    const size_t begin = end;
    end += item->second.bytes();
    header[item->first] = {{"dtype", data_type_name(item->second.type)},
                           {"shape", item->second.shape},
                           {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  const size_t used = kLengthBytes + text.size();
  text.append((kDataAlignment - used % kDataAlignment) % kDataAlignment, ' ');

  unsigned char length[kLengthBytes];
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<unsigned char>(static_cast<uint64_t>(text.size()) >> (8 * i));
  }
  AtomicFile file(path);
  file.write(length, sizeof length);
  file.write(text.data(), text.size());
  for (const auto* item : order)
    file.write(item->second.data, item->second.bytes());
  return file.finish();
}

}  // namespace jetsoncaption
