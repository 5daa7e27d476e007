// SPDX-License-Identifier: LGPL-2.1-or-later
// Follows the offsets of a flatbuffer.
#include "train/tflite_file.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace jetsoncaption {
namespace {

constexpr size_t kMaxEntries = 1000000;  // of a list; networks have some hundred
constexpr int64_t kMaxElements = int64_t{1} << 31;

// The bytes of the file, and whether something in them led outside.
class Bytes {
 public:
  explicit Bytes(const std::string& bytes) : bytes_(bytes) {}

  bool damaged() const { return damaged_; }
  void set_damaged() { damaged_ = true; }

  // 0 when it is not in the file.
  template <typename T>
  T number(size_t at) {
    T value{};
    if (at > bytes_.size() || bytes_.size() - at < sizeof value) {
      damaged_ = true;
      return T{};
    }
    std::memcpy(&value, bytes_.data() + at,
                sizeof value);  // the format is little-endian, as we are
    return value;
  }
  // Where the offset that stands there leads to.
  size_t target(size_t at) { return at + number<uint32_t>(at); }
  std::string cut(size_t at, size_t length) {
    if (at > bytes_.size() || bytes_.size() - at < length) {
      damaged_ = true;
      return "";
    }
    return bytes_.substr(at, length);
  }

 private:
  const std::string& bytes_;
  bool damaged_ = false;
};

// A table: fields by their number in the schema, each of which may be absent.
class Table {
 public:
  Table(Bytes& bytes, size_t at)
      : bytes_(&bytes),
        at_(at),
        fields_(at - static_cast<size_t>(bytes.number<int32_t>(at))),
        fields_size_(bytes.number<uint16_t>(fields_)) {}

  template <typename T>
  T number(size_t field, T otherwise) const {
    const size_t at = place(field);
    return at == 0 ? otherwise : bytes_->number<T>(at);
  }
  template <typename T>
  std::vector<T> numbers(size_t field) const {
    std::vector<T> values;
    const auto [first, count] = list(field);
    for (size_t i = 0; i < count && !bytes_->damaged(); ++i)
      values.push_back(bytes_->number<T>(first + i * sizeof(T)));
    return values;
  }
  std::string text(size_t field) const {
    const auto [first, count] = list(field, SIZE_MAX);
    return bytes_->cut(first, count);
  }
  std::vector<Table> tables(size_t field) const {
    std::vector<Table> tables;
    const auto [first, count] = list(field);
    for (size_t i = 0; i < count && !bytes_->damaged(); ++i)
      tables.emplace_back(*bytes_, bytes_->target(first + i * sizeof(uint32_t)));
    return tables;
  }
  // A table of its own; one without fields when it is absent.
  Table table(size_t field) const {
    const size_t at = place(field);
    return at == 0 ? Table(*bytes_) : Table(*bytes_, bytes_->target(at));
  }

 private:
  explicit Table(Bytes& bytes) : bytes_(&bytes), at_(0), fields_(0), fields_size_(0) {}

  size_t place(size_t field) const {
    const size_t entry = 4 + 2 * field;
    const size_t offset = entry + 2 <= fields_size_ ? bytes_->number<uint16_t>(fields_ + entry) : 0;
    return offset == 0 ? 0 : at_ + offset;
  }
  // Where the first entry stands, and how many there are.
  std::pair<size_t, size_t> list(size_t field, size_t most = kMaxEntries) const {
    const size_t at = place(field);
    if (at == 0)
      return {0, 0};
    const size_t target = bytes_->target(at);
    const size_t count = bytes_->number<uint32_t>(target);
    if (count > most)
      bytes_->set_damaged();
    return {target + sizeof(uint32_t), bytes_->damaged() ? 0 : count};
  }

  Bytes* bytes_;
  size_t at_;
  size_t fields_;
  size_t fields_size_;
};

TfliteTensor read_tensor(const Table& table, const std::vector<Table>& buffers, Bytes& bytes) {
  TfliteTensor tensor;
  for (const int32_t side : table.numbers<int32_t>(0))
    tensor.shape.push_back(side);
  tensor.type = static_cast<TfliteType>(table.number<int8_t>(1, 0));
  const auto buffer = table.number<uint32_t>(2, 0);
  if (buffer < buffers.size())
    tensor.data = buffers[buffer].text(0);
  else
    bytes.set_damaged();
  tensor.name = table.text(3);
  const Table quantization = table.table(4);
  tensor.scales = quantization.numbers<float>(2);
  tensor.zero_points = quantization.numbers<int64_t>(3);
  tensor.quantized_axis = static_cast<size_t>(quantization.number<int32_t>(6, 0));
  return tensor;
}

// -1 stands for a tensor that is left out.
std::vector<size_t> indices(const std::vector<int32_t>& numbers, size_t count, Bytes& bytes) {
  std::vector<size_t> known;
  for (const int32_t number : numbers) {
    if (number >= 0 && static_cast<size_t>(number) < count)
      known.push_back(static_cast<size_t>(number));
    else if (number != -1)
      bytes.set_damaged();
  }
  return known;
}

// Newer files have the code in a field of its own, because the old one is a byte.
TfliteOp op_of(const Table& code) {
  const int old_code = code.number<int8_t>(0, 0);
  const int new_code = code.number<int32_t>(3, 0);
  return static_cast<TfliteOp>(old_code > new_code ? old_code : new_code);
}

TfliteOperator read_operator(const Table& table, const std::vector<Table>& codes, size_t tensors,
                             Bytes& bytes) {
  TfliteOperator result;
  const auto code = table.number<uint32_t>(0, 0);
  if (code >= codes.size()) {
    bytes.set_damaged();
    return result;
  }
  result.op = op_of(codes[code]);
  result.inputs = indices(table.numbers<int32_t>(1), tensors, bytes);
  result.outputs = indices(table.numbers<int32_t>(2), tensors, bytes);
  const Table options = table.table(4);
  if (result.op == TfliteOp::Conv || result.op == TfliteOp::DepthwiseConv) {
    result.padding = static_cast<TflitePadding>(options.number<int8_t>(0, 0));
    result.stride_width = options.number<int32_t>(1, 0);
    result.stride_height = options.number<int32_t>(2, 0);
    const size_t field = result.op == TfliteOp::Conv ? 3 : 4;
    result.activation = static_cast<TfliteActivation>(options.number<int8_t>(field, 0));
  } else if (result.op == TfliteOp::Add) {
    result.activation = static_cast<TfliteActivation>(options.number<int8_t>(0, 0));
  }
  return result;
}

float from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                     : exponent == 31
                         ? (fraction == 0 ? INFINITY : NAN)
                         : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

size_t type_size(TfliteType type) {
  switch (type) {
    case TfliteType::Float32:
    case TfliteType::Int32:
      return 4;
    case TfliteType::Float16:
      return 2;
    case TfliteType::Uint8:
    case TfliteType::Int8:
      return 1;
  }
  return 0;
}

template <typename T>
T element(const std::string& data, size_t i) {
  T value{};
  std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
  return value;
}

// As it is stored: a whole number when it is quantized.
float stored_value(const TfliteTensor& tensor, size_t i) {
  switch (tensor.type) {
    case TfliteType::Float32:
      return element<float>(tensor.data, i);
    case TfliteType::Float16:
      return from_half(element<uint16_t>(tensor.data, i));
    case TfliteType::Int32:
      return static_cast<float>(element<int32_t>(tensor.data, i));
    case TfliteType::Uint8:
      return static_cast<float>(element<uint8_t>(tensor.data, i));
    case TfliteType::Int8:
      return static_cast<float>(element<int8_t>(tensor.data, i));
  }
  return 0;
}

}  // namespace

size_t TfliteTensor::elements() const {
  int64_t count = 1;
  for (const int64_t side : shape) {
    if (side < 0 || side > kMaxElements || count > kMaxElements)
      return SIZE_MAX;
    count *= side;
  }
  return static_cast<size_t>(count);
}

Result<TfliteModel> read_tflite(const std::string& file_bytes, const std::string& file) {
  const Error no_model{ErrorKind::InvalidArgument,
                       file + " is no TensorFlow Lite file, or a damaged one; get it again"};
  Bytes bytes(file_bytes);
  if (bytes.cut(4, 4) != "TFL3")
    return no_model;
  const Table root(bytes, bytes.target(0));
  const auto codes = root.tables(1);
  const auto graphs = root.tables(2);
  const auto buffers = root.tables(4);
  if (graphs.empty() || bytes.damaged())
    return no_model;
  TfliteModel model;
  for (const Table& tensor : graphs[0].tables(0))
    model.tensors.push_back(read_tensor(tensor, buffers, bytes));
  model.inputs = indices(graphs[0].numbers<int32_t>(1), model.tensors.size(), bytes);
  for (const Table& entry : graphs[0].tables(3))
    model.operators.push_back(read_operator(entry, codes, model.tensors.size(), bytes));
  if (bytes.damaged())
    return no_model;
  return model;
}

Result<std::vector<float>> tflite_values(const TfliteTensor& tensor) {
  const size_t count = tensor.elements();
  if (type_size(tensor.type) == 0 || count == SIZE_MAX ||
      tensor.data.size() != count * type_size(tensor.type)) {
    return Error{
        ErrorKind::InvalidArgument,
        "The tensor " + tensor.name + " has no values, or in a way that is not known here"};
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = stored_value(tensor, i);
  if (tensor.scales.empty())
    return values;
  size_t inner = 1;  // values from one step of the quantized axis to the next
  const size_t axis = tensor.scales.size() > 1 ? tensor.quantized_axis : 0;
  for (size_t i = axis + 1; i < tensor.shape.size(); ++i)
    inner *= static_cast<size_t>(tensor.shape[i]);
  const size_t steps = tensor.scales.size();
  if (steps > 1 &&
      (axis >= tensor.shape.size() || steps != static_cast<size_t>(tensor.shape[axis]))) {
    return Error{ErrorKind::InvalidArgument,
                 "The tensor " + tensor.name + " has " + std::to_string(steps) +
                     " scales, which is not one for each of its channels"};
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t step = steps > 1 ? i / inner % steps : 0;
    const auto zero =
        step < tensor.zero_points.size() ? static_cast<float>(tensor.zero_points[step]) : 0.0F;
    values[i] = (values[i] - zero) * tensor.scales[step];
  }
  return values;
}

}  // namespace jetsoncaption
