// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes safetensors files: named tensors behind a JSON header.
//
// Of a file that is read nothing is believed: its size, and header length, JSON types, data types,
// shapes, offsets, overlaps, gaps and trailing bytes are checked before its data is read. It is
// read into memory of our own (file_memory.h): nobody changes it afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/file_memory.h"

namespace jetsoncaption {

enum class DataType { F32, F16, I8 };

size_t data_type_size(DataType type);
const char* data_type_name(DataType type);  // "F32"

// A tensor of a file, or one to be written. `data` is borrowed, row-major, and in a file that was
// read aligned to its element size; nullptr when its memory was given back.
struct TensorView {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  const void* data = nullptr;

  int64_t elements() const;
  size_t bytes() const;
};

// Larger files than this are no weights of ours: 4 GiB.
constexpr uint64_t kMostTensorBytes = uint64_t{4} << 30;

// Keeps the data; tensors point into it. Movable. Safe to read from several threads.
class SafetensorsFile {
 public:
  // NotFound, CorruptModel, also for more than `most_bytes`, OutOfMemory.
  static Result<SafetensorsFile> open(const std::string& path,
                                      uint64_t most_bytes = kMostTensorBytes,
                                      Links links = Links::Follow);

  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
  ~SafetensorsFile();

  const std::string& path() const;
  const std::map<std::string, TensorView>& tensors() const;
  const TensorView* find(const std::string& name) const;  // nullptr: not there

  // Gives the memory of these tensors back for good, as whole pages; their data is nullptr from
  // then on. For those who have copied them. No other thread may read meanwhile.
  using Choice = std::function<bool(const std::string& name, const TensorView& tensor)>;
  void give_back(const Choice& is_copied);

 private:
  struct Contents;
  explicit SafetensorsFile(std::unique_ptr<Contents> contents);
  std::unique_ptr<Contents> contents_;
};

// Writes the file under a temporary name beside it, then renames it, so that a reader never sees
// half a file. Tensors with larger elements come first and the header is padded with blanks, so
// that every tensor is aligned without gaps. Internal when the disk refuses.
Result<void> write_safetensors(const std::string& path,
                               const std::map<std::string, TensorView>& tensors,
                               const std::map<std::string, std::string>& metadata);

}  // namespace jetsoncaption
