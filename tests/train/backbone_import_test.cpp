// SPDX-License-Identifier: LGPL-2.1-or-later
// The encoder of a TensorFlow Lite file is taken over as it is, or refused by the operator's
// number.
#include "train/backbone_import.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bundle/safetensors.h"
#include "fakes/temporary_directory.h"
#include "tflite_writer.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A network with a stem of 4 channels, three blocks (the second with a kernel of 5 and a stride of
// 2, the third with a residual) and a head of 10, whose weights are small whole numbers.
class Network {
 public:
  Network() {
    model.inputs = {tensor("input", {1, 64, 32, 3})};
    last_ = model.inputs[0];
    conv("stem", 3, 4, 3, 2, TfliteActivation::Relu6);
    depthwise("blocks.0.depthwise", 4, 3, 1);
    conv("blocks.0.project", 4, 6, 1, 1);
    conv("blocks.1.expand", 6, 12, 1, 1, TfliteActivation::Relu6);
    depthwise("blocks.1.depthwise", 12, 5, 2);
    conv("blocks.1.project", 12, 8, 1, 1);
    const size_t before = last_;
    conv("blocks.2.expand", 8, 16, 1, 1, TfliteActivation::Relu6);
    depthwise("blocks.2.depthwise", 16, 3, 1);
    conv("blocks.2.project", 16, 8, 1, 1);
    add(TfliteOp::Add, {before, last_});
    conv("head", 8, 10, 1, 1, TfliteActivation::Relu6);
    add(TfliteOp::Mean, {last_});
    add(TfliteOp::Softmax, {last_});
  }

  size_t tensor(const std::string& name, std::vector<int64_t> shape, std::string data = "") {
    TfliteTensor made;
    made.name = name;
    made.shape = std::move(shape);
    made.data = std::move(data);
    model.tensors.push_back(std::move(made));
    return model.tensors.size() - 1;
  }
  TfliteTensor& named(const std::string& name) {
    for (TfliteTensor& found : model.tensors) {
      if (found.name == name)
        return found;
    }
    throw std::out_of_range(name);
  }
  // Of the convolution with these weights.
  TfliteOperator& user_of(const std::string& weight) {
    for (TfliteOperator& op : model.operators) {
      if (op.inputs.size() == 3 && model.tensors[op.inputs[1]].name == weight)
        return op;
    }
    throw std::out_of_range(weight);
  }

  TfliteModel model;

 private:
  TfliteOperator& add(TfliteOp op, std::vector<size_t> inputs) {
    TfliteOperator made;
    made.op = op;
    made.inputs = std::move(inputs);
    made.outputs = {last_ = tensor("values", {})};
    model.operators.push_back(made);
    return model.operators.back();
  }
  void conv(const std::string& name, int64_t in, int64_t out, int64_t kernel, int stride,
            TfliteActivation activation = TfliteActivation::None) {
    convolve(TfliteOp::Conv, name, {out, kernel, kernel, in}, out, stride, activation);
  }
  void depthwise(const std::string& name, int64_t channels, int64_t kernel, int stride) {
    convolve(TfliteOp::DepthwiseConv, name, {1, kernel, kernel, channels}, channels, stride,
             TfliteActivation::Relu6);
  }
  void convolve(TfliteOp op, const std::string& name, const std::vector<int64_t>& shape,
                int64_t out, int stride, TfliteActivation activation) {
    std::vector<float> weights(static_cast<size_t>(shape[0] * shape[1] * shape[2] * shape[3]));
    for (float& weight : weights)
      weight = static_cast<float>(static_cast<int>(next_++ % 201) - 100);
    const size_t weight = tensor(name + ".weight", shape, bytes_of(weights));
    const size_t bias =
        tensor(name + ".bias", {out}, bytes_of(std::vector<float>(static_cast<size_t>(out), 2)));
    TfliteOperator& made = add(op, {last_, weight, bias});
    made.stride_width = made.stride_height = stride;
    made.activation = activation;
  }

  size_t last_ = 0;
  unsigned next_ = 1;
};

Result<Backbone> import(const Network& network) {
  auto model = read_tflite(tflite_bytes(network.model), "x.tflite");
  if (!model.ok())
    return model.error();
  return backbone_of(model.value(), "x.tflite");
}

Backbone imported(const Network& network) {
  auto backbone = import(network);
  EXPECT_TRUE(backbone.ok()) << backbone.error().message;
  return backbone.ok() ? backbone.value() : Backbone();
}

TEST(BackboneImport, FindsStemBlocksAndHead) {
  const Backbone backbone = imported(Network());
  EXPECT_EQ(backbone.width, 32);
  EXPECT_EQ(backbone.height, 64);
  EXPECT_EQ(backbone.scale, 1 / 127.5F);
  EXPECT_EQ(backbone.offset, -1);
  EXPECT_EQ(backbone.encoder.stem_channels, 4);
  EXPECT_EQ(backbone.encoder.head_channels, 10);
  std::vector<std::vector<int>> blocks;
  for (const BlockConfig& block : backbone.encoder.blocks) {
    blocks.push_back({block.in_channels, block.hidden_channels, block.out_channels, block.kernel,
                      block.stride, block.residual});
  }
  EXPECT_EQ(blocks, (std::vector<std::vector<int>>{
                        {4, 4, 6, 3, 1, 0}, {6, 12, 8, 5, 2, 0}, {8, 16, 8, 3, 1, 1}}));
}

TEST(BackboneImport, TurnsWeightsAround) {
  Network network;
  const Backbone backbone = imported(network);
  const auto& stem = backbone.tensors.at("stem.weight");
  EXPECT_EQ(stem.shape, (std::vector<int64_t>{4, 3, 3, 3}));
  // 1 to 108 less 100 or so: output 1, row 2, column 0, input 2 is at ((1 * 3 + 2) * 3 + 0) * 3
  // + 2.
  EXPECT_EQ(stem.values[((1 * 3 + 2) * 3 + 2) * 3 + 0], 1 + 47 - 100);
  const auto& depthwise = backbone.tensors.at("blocks.0.depthwise.weight");
  EXPECT_EQ(depthwise.shape, (std::vector<int64_t>{4, 1, 3, 3}));
  EXPECT_EQ(depthwise.values[3 * 9 + 5], 109 + 5 * 4 + 3 - 100) << "channel 3, place 5";
  EXPECT_EQ(backbone.tensors.at("head.bias").values, std::vector<float>(10, 2));
  EXPECT_EQ(backbone.tensors.size(), 2U * (1 + 2 + 3 + 3 + 1));
}

// Of whole numbers, so that nothing is lost.
void quantize(TfliteTensor& tensor, std::vector<float> scales, size_t axis) {
  const auto values = tflite_values(tensor).value();
  size_t inner = 1;
  for (size_t i = axis + 1; i < tensor.shape.size(); ++i)
    inner *= static_cast<size_t>(tensor.shape[i]);
  std::vector<int8_t> stored;
  for (size_t i = 0; i < values.size(); ++i)
    stored.push_back(static_cast<int8_t>(values[i] / scales[i / inner % scales.size()]));
  tensor.data = bytes_of(stored);
  tensor.type = TfliteType::Int8;
  tensor.zero_points.assign(scales.size(), 0);
  tensor.scales = std::move(scales);
  tensor.quantized_axis = axis;
}

TEST(BackboneImport, TakesNetworksInInt8WithScalesOfChannels) {
  Network network;
  const Backbone expected = imported(network);
  quantize(network.named("stem.weight"), {1, 0.5F + 0.5F, 1, 1}, 0);
  quantize(network.named("blocks.0.depthwise.weight"), {1, 1, 1, 1}, 3);
  TfliteTensor& bias = network.named("head.bias");
  bias.type = TfliteType::Int32;
  bias.data = bytes_of(std::vector<int32_t>(10, 8));
  bias.scales = std::vector<float>(10, 0.25F);
  TfliteTensor& input = network.named("input");
  input.type = TfliteType::Uint8;
  input.scales = {0.0078125F};
  input.zero_points = {127};

  const Backbone backbone = imported(network);
  EXPECT_EQ(backbone.scale, 0.0078125F);
  EXPECT_EQ(backbone.offset, -127 * 0.0078125F);
  for (const auto& [name, tensor] : expected.tensors)
    EXPECT_EQ(backbone.tensors.at(name).values, tensor.values) << name;

  TfliteTensor& scaled = network.named("blocks.0.depthwise.weight");
  scaled.scales = {1, 2, 4, 8};
  const auto values = imported(network).tensors.at("blocks.0.depthwise.weight").values;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], expected.tensors.at("blocks.0.depthwise.weight").values[i] *
                             std::pow(2.0F, static_cast<float>(i / 9)))
        << i;
  }
  input.type = TfliteType::Int8;
  input.zero_points = {-1};
  EXPECT_EQ(imported(network).offset, -127 * 0.0078125F);
}

TEST(BackboneImport, TakesHalfFloatsThatAreConvertedFirst) {
  Network network;
  const Backbone expected = imported(network);
  TfliteTensor& bias = network.named("stem.bias");
  bias.type = TfliteType::Float16;
  bias.data = bytes_of(std::vector<uint16_t>{0x4000, 0x4000, 0x4000, 0x4000});  // 2.0
  const size_t converted = network.tensor("converted", {4});
  TfliteOperator dequantize;
  dequantize.op = TfliteOp::Dequantize;
  TfliteOperator& stem = network.user_of("stem.weight");
  dequantize.inputs = {stem.inputs[2]};
  dequantize.outputs = {converted};
  stem.inputs[2] = converted;
  network.model.operators.insert(network.model.operators.begin(), dequantize);
  EXPECT_EQ(imported(network).tensors.at("stem.bias").values,
            expected.tensors.at("stem.bias").values);
}

TEST(BackboneImport, TakesPaddingAsAnOperatorOfItsOwnWhenItIsTheSame) {
  for (const int after : {1, 2}) {
    Network network;
    const size_t amounts = network.tensor(
        "amounts", {4, 2}, bytes_of(std::vector<int32_t>{0, 0, 0, after, 0, 1, 0, 0}));
    network.model.tensors[amounts].type = TfliteType::Int32;
    TfliteOperator pad;
    pad.op = TfliteOp::Pad;
    pad.inputs = {network.model.inputs[0], amounts};
    pad.outputs = {network.tensor("padded", {})};
    TfliteOperator& stem = network.user_of("stem.weight");
    stem.inputs[0] = pad.outputs[0];
    stem.padding = TflitePadding::Valid;
    network.model.operators.insert(network.model.operators.begin(), pad);
    EXPECT_EQ(import(network).ok(), after == 1);
  }
}

struct Fault {
  std::function<void(Network&)> make;
  std::string words;
};

TEST(BackboneImport, NamesWhatDoesNotFit) {
  const std::vector<Fault> faults = {
      {[](Network& n) { n.user_of("stem.weight").activation = TfliteActivation(1); },
       "operator 0 has no ReLU6"},
      {[](Network& n) {
         n.user_of("blocks.0.project.weight").activation = TfliteActivation::Relu6;
       },
       "operator 2 has an activation"},
      {[](Network& n) { n.user_of("blocks.1.depthwise.weight").stride_width = 1; },
       "operator 4 has a stride of 1"},
      {[](Network& n) { n.user_of("blocks.1.depthwise.weight").padding = TflitePadding::Valid; },
       "operator 4 does not pad"},
      {[](Network& n) { n.model.operators[5].op = TfliteOp(18); }, "operator 5 is of kind 18"},
      {[](Network& n) { n.named("stem.weight").data.pop_back(); }, "operator 0 has no weights"},
      {[](Network& n) {
         n.named("stem.weight").scales = {1, 1};
       },
       "operator 0 has no weights"},
      {[](Network& n) {
         n.named("stem.weight").shape = {2, 3, 3, 6};
       },
       "operator 0 has channels"},
      {[](Network& n) {
         n.named("input").shape = {1, 65, 32, 3};
       },
       "its input is no picture"},
      {[](Network& n) { n.model.operators[9].inputs[0] = 0; }, "operator 9 adds something else"},
      {[](Network& n) { n.model.operators[5].inputs[0] = 0; }, "operator 5 does not take"},
      {[](Network& n) { n.model.operators[5].outputs = n.model.operators[5].inputs; },
       "operator 5 has no input or not one new output"},
      {[](Network& n) { n.model.operators.resize(1); }, "it has no blocks"},
      {[](Network& n) { n.model.operators.clear(); }, "does not begin with a convolution"},
      {[](Network& n) { n.model.inputs.clear(); }, "it has 0 inputs"},
  };
  for (const Fault& fault : faults) {
    Network network;
    fault.make(network);
    const auto backbone = import(network);
    ASSERT_FALSE(backbone.ok()) << fault.words;
    EXPECT_EQ(backbone.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(backbone.error().message, HasSubstr("x.tflite cannot be used as backbone"));
    EXPECT_THAT(backbone.error().message, HasSubstr(fault.words));
  }
}

TEST(BackboneImport, SurvivesDamagedFiles) {
  const std::string whole = tflite_bytes(Network().model);
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole;
    if (i % 3 == 0)
      bytes.resize(random() % bytes.size());
    for (unsigned k = 0; k < 1 + random() % 4 && !bytes.empty(); ++k)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 2 == 0 ? 0xFF : random());
    const auto model = read_tflite(bytes, "x.tflite");
    if (!model.ok() || !backbone_of(model.value(), "x.tflite").ok())
      ++refused;
  }
  EXPECT_GT(refused, 1000) << "a third is cut";
  const auto other = read_tflite("GIF89a, and more bytes that are no model", "x.tflite");
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, HasSubstr("x.tflite is no TensorFlow Lite file"));
}

TEST(BackboneImport, WritesWhatTrainingReads) {
  const TemporaryDirectory directory;
  const Backbone backbone = imported(Network());
  ASSERT_TRUE(write_backbone(backbone, directory.file("mobile.safetensors")).ok());
  const auto file = SafetensorsFile::open(directory.file("mobile.safetensors"));
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file.value().tensors().size(), backbone.tensors.size());
  const TensorView* weight = file.value().find("blocks.1.depthwise.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->shape, (std::vector<int64_t>{12, 1, 5, 5}));
  const auto json = nlohmann::json::parse(directory.read("mobile.json"));
  EXPECT_EQ(json.at("name"), "mobile");
  EXPECT_EQ(json.at("blocks").at(1).at("kernel"), 5);
  EXPECT_EQ(json.at("input").at("height"), 64);
}

}  // namespace
}  // namespace jetsoncaption
