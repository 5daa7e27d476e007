// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes safetensors files: 8 bytes with the length of a JSON header (little-endian), the
// header (safetensors_header.h), and the data.
#include "bundle/safetensors.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "bundle/atomic_file.h"
#include "bundle/json_reader.h"
#include "bundle/safetensors_header.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

// An open file that closes itself.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0)
      close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

// What git leaves in place of a large file whose contents were not fetched.
bool is_lfs_pointer(const void* bytes, size_t size) {
  constexpr char kStart[] = "version https://git-lfs.github.com/spec/";
  constexpr size_t kLength = sizeof kStart - 1;
  return size >= kLength && std::memcmp(bytes, kStart, kLength) == 0;
}

Error cannot_read(const std::string& path, int fault) {
  return Error{
      fault == ENOENT || fault == ENOTDIR ? ErrorKind::NotFound : ErrorKind::CorruptModel,
      "cannot read " + path + ": " + std::strerror(fault) + "; check the name and the permissions"};
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

// Another process that cuts the file short while it is mapped would crash us; ours replace whole
// files (AtomicFile), which leaves a mapping as it is.
struct SafetensorsFile::Mapping {
  std::string path;
  void* address = nullptr;
  size_t bytes = 0;
  std::map<std::string, TensorView> tensors;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address != nullptr)
      munmap(address, bytes);
  }

  Result<void> map();
  Result<void> read_tensors();
};

Result<void> SafetensorsFile::Mapping::map() {
  // Not blocking: opening a FIFO would wait for a writer.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0)
    return cannot_read(path, errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0)
    return cannot_read(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return corrupt(path + " is not a regular file; use a safetensors file");
  }
  if (static_cast<uint64_t>(status.st_size) < kLengthBytes) {
    return corrupt(path + " has " + std::to_string(status.st_size) +
                   " bytes; a safetensors file has at least 8");
  }
  if (static_cast<uint64_t>(status.st_size) > std::numeric_limits<size_t>::max() / 2) {
    return corrupt(path + " has " + std::to_string(status.st_size) +
                   " bytes, more than this machine can map");
  }
  const size_t length = static_cast<size_t>(status.st_size);
  void* mapped = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED)
    return cannot_read(path, errno);
  address = mapped;
  bytes = length;
  return {};
}

Result<void> SafetensorsFile::Mapping::read_tensors() {
  if (is_lfs_pointer(address, bytes)) {
    return corrupt(
        path +
        " is a pointer of git LFS, not the weights themselves; run 'git lfs install' and "
        "'git lfs pull' in the clone (package git-lfs), or download the file");
  }
  const auto* start = static_cast<const unsigned char*>(address);
  const uint64_t header_bytes = read_length(start);
  const uint64_t limit = std::min<uint64_t>(kMaxHeaderBytes, bytes - kLengthBytes);
  if (header_bytes > limit) {
    return corrupt(path + " says that its header has " + std::to_string(header_bytes) +
                   " bytes; at most " + std::to_string(limit) +
                   " are possible in a file of this size");
  }
  const uint64_t data_begin = kLengthBytes + header_bytes;
  const std::string header(reinterpret_cast<const char*>(start) + kLengthBytes,
                           static_cast<size_t>(header_bytes));
  auto entries = parse_safetensors_header(header, data_begin, bytes - data_begin, path);
  if (!entries.ok())
    return entries.error();
  for (SafetensorsEntry& entry : entries.value()) {
    entry.tensor.data = start + data_begin + entry.begin;
    tensors.emplace(std::move(entry.name), std::move(entry.tensor));
  }
  return {};
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  auto mapping = std::make_unique<Mapping>();
  mapping->path = path;
  const auto mapped = mapping->map();
  if (!mapped.ok())
    return mapped.error();
  const auto read = mapping->read_tensors();
  if (!read.ok())
    return read.error();
  return SafetensorsFile(std::move(mapping));
}

SafetensorsFile::SafetensorsFile(std::unique_ptr<Mapping> mapping) : mapping_(std::move(mapping)) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

const std::string& SafetensorsFile::path() const {
  return mapping_->path;
}

const std::map<std::string, TensorView>& SafetensorsFile::tensors() const {
  return mapping_->tensors;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = mapping_->tensors.find(name);
  return found == mapping_->tensors.end() ? nullptr : &found->second;
}

void SafetensorsFile::drop_pages() const {
  // Only advice: if the system does not take it, the pages stay.
  madvise(mapping_->address, mapping_->bytes, MADV_DONTNEED);
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
