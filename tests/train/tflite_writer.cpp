// SPDX-License-Identifier: LGPL-2.1-or-later
// A flatbuffer from the front to the back: what a table refers to stands behind it.
#include "tflite_writer.h"

#include <cstring>
#include <functional>
#include <utility>

namespace jetsoncaption {
namespace {

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(&bytes[0], &value, sizeof value);
  return bytes;
}

class Writer {
 public:
  using Child = std::function<size_t()>;  // writes something and says where it stands

  struct Field {
    size_t number;
    std::string value;  // of a number
    Child child;        // or what is referred to
  };

  std::string take() { return std::move(out_); }

  size_t table(const std::vector<Field>& fields) {
    size_t count = 0;
    size_t size = 4;
    for (const Field& field : fields) {
      count = std::max(count, field.number + 1);
      size += 8;
    }
    align(8);
    const size_t vtable = out_.size();
    std::vector<uint16_t> offsets(count, 0);
    for (size_t i = 0; i < fields.size(); ++i)
      offsets[fields[i].number] = static_cast<uint16_t>(4 + 8 * i);
    out_ += raw(static_cast<uint16_t>(4 + 2 * count)) + raw(static_cast<uint16_t>(size));
    for (const uint16_t offset : offsets)
      out_ += raw(offset);
    align(8);
    const size_t at = out_.size();
    out_ += raw(static_cast<int32_t>(at - vtable));
    for (const Field& field : fields) {
      std::string slot = field.value;
      slot.resize(8, '\0');
      out_ += slot;
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].child)
        refer(at + 4 + 8 * i, fields[i].child());
    }
    return at;
  }

  size_t list(const std::vector<Child>& children) {
    align(4);
    const size_t at = out_.size();
    out_ += raw(static_cast<uint32_t>(children.size())) + std::string(4 * children.size(), '\0');
    for (size_t i = 0; i < children.size(); ++i)
      refer(at + 4 + 4 * i, children[i]());
    return at;
  }

  // Numbers that are `count` entries of the list.
  size_t numbers(size_t count, const std::string& bytes) {
    align(8);
    const size_t at = out_.size() + 4;
    out_ += std::string(4, '\0') + raw(static_cast<uint32_t>(count)) + bytes;
    return at;
  }

  void refer(size_t from, size_t to) {
    const std::string offset = raw(static_cast<uint32_t>(to - from));
    out_.replace(from, 4, offset);
  }

  void begin() { out_ = std::string(4, '\0') + "TFL3"; }

 private:
  void align(size_t size) { out_.resize((out_.size() + size - 1) / size * size, '\0'); }

  std::string out_;
};

template <typename To, typename From>
std::string raw_list(const std::vector<From>& values) {
  std::string bytes;
  for (const From value : values)
    bytes += raw(static_cast<To>(value));
  return bytes;
}

}  // namespace

std::string tflite_bytes(const TfliteModel& model) {
  Writer w;
  w.begin();
  const auto ints = [&w](auto values) -> Writer::Child {
    return [&w, values] { return w.numbers(values.size(), raw_list<int32_t>(values)); };
  };
  const auto write_tensor = [&](size_t i) {
    const TfliteTensor& tensor = model.tensors[i];
    const Writer::Child quantization = [&w, &tensor] {
      return w.table(
          {{2, "", [&] { return w.numbers(tensor.scales.size(), raw_list<float>(tensor.scales)); }},
           {3, "",
            [&] {
              return w.numbers(tensor.zero_points.size(), raw_list<int64_t>(tensor.zero_points));
            }},
           {6, raw(static_cast<int32_t>(tensor.quantized_axis)), {}}});
    };
    return w.table({{0, "", ints(tensor.shape)},
                    {1, raw(static_cast<int8_t>(tensor.type)), {}},
                    {2, raw(static_cast<uint32_t>(i)), {}},
                    {3, "", [&] { return w.numbers(tensor.name.size(), tensor.name); }},
                    {4, "", quantization}});
  };
  const auto write_operator = [&](size_t i) {
    const TfliteOperator& op = model.operators[i];
    const auto activation = raw(static_cast<int8_t>(op.activation));
    const bool convolves = op.op == TfliteOp::Conv || op.op == TfliteOp::DepthwiseConv;
    const Writer::Child options = [&w, &op, activation, convolves] {
      if (!convolves)
        return w.table({{0, activation, {}}});
      return w.table({{0, raw(static_cast<int8_t>(op.padding)), {}},
                      {1, raw(static_cast<int32_t>(op.stride_width)), {}},
                      {2, raw(static_cast<int32_t>(op.stride_height)), {}},
                      {op.op == TfliteOp::Conv ? 3U : 4U, activation, {}}});
    };
    return w.table({{0, raw(static_cast<uint32_t>(i)), {}},
                    {1, "", ints(op.inputs)},
                    {2, "", ints(op.outputs)},
                    {4, "", options}});
  };
  const auto all = [&w](size_t count, auto write) -> Writer::Child {
    return [&w, count, write] {
      std::vector<Writer::Child> children;
      for (size_t i = 0; i < count; ++i)
        children.push_back([write, i] { return write(i); });
      return w.list(children);
    };
  };
  const Writer::Child graph = [&] {
    return w.table({{0, "", all(model.tensors.size(), write_tensor)},
                    {1, "", ints(model.inputs)},
                    {3, "", all(model.operators.size(), write_operator)}});
  };
  const auto write_code = [&](size_t i) {
    const auto code = static_cast<int>(model.operators[i].op);
    // As files of both kinds have it.
    return i % 2 == 0 ? w.table({{0, raw(static_cast<int8_t>(code)), {}}})
                      : w.table({{0, raw(static_cast<int8_t>(code)), {}},
                                 {3, raw(static_cast<int32_t>(code)), {}}});
  };
  const auto write_buffer = [&](size_t i) {
    const std::string& data = model.tensors[i].data;
    return data.empty() ? w.table({})
                        : w.table({{0, "", [&] { return w.numbers(data.size(), data); }}});
  };
  const size_t root = w.table({{0, raw(uint32_t{3}), {}},
                               {1, "", all(model.operators.size(), write_code)},
                               {2, "", [&] { return w.list({graph}); }},
                               {4, "", all(model.tensors.size(), write_buffer)}});
  w.refer(0, root);
  return w.take();
}

}  // namespace jetsoncaption
