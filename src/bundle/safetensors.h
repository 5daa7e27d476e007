// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes safetensors files: named tensors behind a JSON header.
//
// A file that is read is memory-mapped and nothing in it is believed: header length, JSON types,
// data types, shapes, offsets, overlaps, gaps and trailing bytes are checked when it is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

enum class DataType { F32, F16, I8 };

size_t data_type_size(DataType type);
const char* data_type_name(DataType type);  // "F32"

// A tensor inside a mapped file, or one to be written. `data` is borrowed, row-major, and in a
// mapped file aligned to its element size.
struct TensorView {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  const void* data = nullptr;

  int64_t elements() const;
  size_t bytes() const;
};

// Keeps the mapping alive; tensors point into it. Movable. Safe to read from several threads.
class SafetensorsFile {
 public:
  // NotFound, CorruptModel.
  static Result<SafetensorsFile> open(const std::string& path);

  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
  ~SafetensorsFile();

  const std::string& path() const;
  const std::map<std::string, TensorView>& tensors() const;
  const TensorView* find(const std::string& name) const;  // nullptr: not there

  // Tells the system that the mapped pages are not needed now (madvise); they are read again from
  // the file when touched.
  void drop_pages() const;

 private:
  struct Mapping;
  explicit SafetensorsFile(std::unique_ptr<Mapping> mapping);
  std::unique_ptr<Mapping> mapping_;
};

// Writes the file under a temporary name beside it, then renames it, so that a reader never sees
// half a file. Tensors with larger elements come first and the header is padded with blanks, so
// that every tensor is aligned without gaps. Internal when the disk refuses.
Result<void> write_safetensors(const std::string& path,
                               const std::map<std::string, TensorView>& tensors,
                               const std::map<std::string, std::string>& metadata);

}  // namespace jetsoncaption
