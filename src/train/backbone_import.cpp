// SPDX-License-Identifier: LGPL-2.1-or-later
// Recognises stem, blocks and head in a list of operators.
#include "train/backbone_import.h"

#include <set>
#include <utility>

#include "bundle/atomic_file.h"
#include "bundle/safetensors.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

// A convolution, or the addition of a residual.
struct Layer {
  const TfliteOperator* op;
  size_t number;  // of the operator in the file, for messages
  size_t from;    // tensors, behind those that only pad or convert
  size_t to;
};

class Importer {
 public:
  Importer(const TfliteModel& model, const std::string& file) : model_(model), file_(file) {}

  Result<Backbone> run() {
    const bool done = read_input() && collect_layers() && read_layers();
    if (!done) {
      return Error{ErrorKind::InvalidArgument, file_ + " cannot be used as backbone: " + fault_ +
                                                   "; use a MobileNetV2 or EfficientNet-Lite"};
    }
    return std::move(backbone_);
  }

 private:
  bool refuse(const std::string& fault) {
    if (fault_.empty())
      fault_ = fault;
    return false;
  }
  bool refuse(const Layer& layer, const std::string& fault) {
    return refuse("operator " + std::to_string(layer.number) + " " + fault);
  }

  // The tensor that the values came from, before they were padded or converted.
  size_t origin(size_t tensor) const {
    for (auto found = origins_.find(tensor); found != origins_.end(); found = origins_.find(tensor))
      tensor = found->second;
    return tensor;
  }

  bool read_input() {
    if (model_.inputs.size() != 1)
      return refuse("it has " + std::to_string(model_.inputs.size()) + " inputs instead of one");
    const TfliteTensor& input = model_.tensors[model_.inputs[0]];
    const auto& shape = input.shape;
    if (shape.size() != 4 || shape[0] != 1 || shape[3] != 3 || shape[1] < 32 || shape[2] < 32 ||
        shape[1] > 4096 || shape[2] > 4096 || shape[1] % 32 != 0 || shape[2] % 32 != 0)
      return refuse("its input is no picture with sides that are multiples of 32");
    backbone_.height = static_cast<int>(shape[1]);
    backbone_.width = static_cast<int>(shape[2]);
    const bool bytes = input.type == TfliteType::Uint8 || input.type == TfliteType::Int8;
    if (bytes && input.scales.size() == 1 && input.zero_points.size() == 1) {
      // int8 is a pixel less 128.
      const auto zero = static_cast<float>(input.zero_points[0]) +
                        (input.type == TfliteType::Int8 ? 128.0F : 0.0F);
      backbone_.scale = input.scales[0];
      backbone_.offset = -zero * input.scales[0];
    }
    return true;
  }

  // Up to what comes behind the head.
  bool collect_layers() {
    for (size_t i = 0; i < model_.operators.size(); ++i) {
      const TfliteOperator& op = model_.operators[i];
      if (op.op == TfliteOp::Mean || op.op == TfliteOp::AveragePool)
        return true;
      known_.insert(op.inputs.begin(), op.inputs.end());
      if (op.inputs.empty() || op.outputs.size() != 1 || !known_.insert(op.outputs[0]).second)
        return refuse("operator " + std::to_string(i) + " has no input or not one new output");
      switch (op.op) {
        case TfliteOp::Pad:
          paddings_[op.outputs[0]] = &op;
          origins_[op.outputs[0]] = op.inputs[0];
          break;
        case TfliteOp::Quantize:
        case TfliteOp::Dequantize:
          origins_[op.outputs[0]] = op.inputs[0];
          break;
        case TfliteOp::Conv:
        case TfliteOp::DepthwiseConv:
        case TfliteOp::Add:
          layers_.push_back({&op, i, origin(op.inputs[0]), op.outputs[0]});
          break;
        default:
          return refuse("operator " + std::to_string(i) + " is of kind " +
                        std::to_string(static_cast<int>(op.op)) + " of the schema");
      }
    }
    return true;
  }

  bool read_layers() {
    size_t next = 0;
    const Layer* stem = take(next);
    if (stem == nullptr || stem->from != model_.inputs[0])
      return refuse("it does not begin with a convolution of its input");
    if (!add_convolution(*stem, "stem", TfliteOp::Conv, true, 3) || !expect(*stem, 3, 2))
      return false;
    size_t tensor = stem->to;
    int channels = backbone_.encoder.stem_channels = last_.outputs;
    // The head is the convolution that nothing but the end follows.
    while (next + 1 < layers_.size()) {
      if (!read_block(next, tensor, channels))
        return false;
    }
    const Layer* head = take(next);
    if (head == nullptr || backbone_.encoder.blocks.empty())
      return refuse("it has no blocks, or no head behind them");
    if (!follows(*head, tensor) ||
        !add_convolution(*head, "head", TfliteOp::Conv, true, channels) || !expect(*head, 1, 1))
      return false;
    backbone_.encoder.head_channels = last_.outputs;
    return true;
  }

  const Layer* take(size_t& next) { return next < layers_.size() ? &layers_[next++] : nullptr; }

  // An expansion if there is one, a depthwise convolution, a projection, and the addition of what
  // went in if there is one.
  bool read_block(size_t& next, size_t& tensor, int& channels) {
    const std::string name = "blocks." + std::to_string(backbone_.encoder.blocks.size());
    BlockConfig block;
    block.in_channels = block.hidden_channels = channels;
    const size_t first = tensor;
    const Layer* layer = take(next);
    if (layer->op->op == TfliteOp::Conv) {
      if (!follows(*layer, tensor) ||
          !add_convolution(*layer, name + ".expand", TfliteOp::Conv, true, channels) ||
          !expect(*layer, 1, 1))
        return false;
      block.hidden_channels = last_.outputs;
      if (block.hidden_channels == block.in_channels)
        return refuse(*layer, "expands to as many channels as there were");
      layer = take(next);
    }
    if (layer == nullptr)
      return refuse("it ends within " + name);
    if (!follows(*layer, tensor) ||
        !add_convolution(*layer, name + ".depthwise", TfliteOp::DepthwiseConv, true, 1))
      return false;
    block.kernel = last_.kernel;
    block.stride = layer->op->stride_width;
    if (last_.outputs != block.hidden_channels || (block.kernel != 3 && block.kernel != 5))
      return refuse(*layer, "is no depthwise convolution of 3x3 or 5x5 of what comes before");
    if (!expect(*layer, block.kernel, block.stride))
      return false;
    layer = take(next);
    if (layer == nullptr)
      return refuse("it ends within " + name);
    if (!follows(*layer, tensor) ||
        !add_convolution(*layer, name + ".project", TfliteOp::Conv, false, block.hidden_channels) ||
        !expect(*layer, 1, 1))
      return false;
    block.out_channels = channels = last_.outputs;
    if (next < layers_.size() && layers_[next].op->op == TfliteOp::Add) {
      layer = take(next);
      block.residual = block.stride == 1 && block.out_channels == block.in_channels;
      if (!block.residual || !adds(*layer, first, tensor))
        return refuse(*layer, "adds something else than the input of its block");
      tensor = layer->to;
    }
    backbone_.encoder.blocks.push_back(block);
    return true;
  }

  // Goes on behind the layer.
  bool follows(const Layer& layer, size_t& tensor) {
    if (layer.from != tensor)
      return refuse(layer, "does not take what the one before gives");
    tensor = layer.to;
    return true;
  }

  bool adds(const Layer& layer, size_t a, size_t b) const {
    const auto& inputs = layer.op->inputs;
    return inputs.size() == 2 && layer.op->activation == TfliteActivation::None &&
           ((origin(inputs[0]) == a && origin(inputs[1]) == b) ||
            (origin(inputs[0]) == b && origin(inputs[1]) == a));
  }

  // Kernel, stride, and padding as TensorFlow calls "same".
  bool expect(const Layer& layer, int kernel, int stride) {
    const TfliteOperator& op = *layer.op;
    if (last_.kernel != kernel)
      return refuse(layer, "has a kernel of " + std::to_string(last_.kernel));
    if (op.stride_width != stride || op.stride_height != stride || stride < 1 || stride > 2)
      return refuse(layer, "has a stride of " + std::to_string(op.stride_width));
    if (op.padding == TflitePadding::Same || kernel == 1)
      return true;
    const auto padded = paddings_.find(op.inputs[0]);
    if (padded == paddings_.end())
      return refuse(layer, "does not pad its input");
    const int total = kernel - stride;  // of an even side
    const int before = total / 2;
    const std::vector<float> expected = {
        0, 0, float(before), float(total - before), float(before), float(total - before), 0, 0};
    const auto& inputs = padded->second->inputs;
    const auto values = inputs.size() == 2 ? tflite_values(model_.tensors[inputs[1]])
                                           : Result<std::vector<float>>(std::vector<float>());
    if (!values.ok() || values.value() != expected)
      return refuse(layer, "pads its input otherwise than TensorFlow's \"same\"");
    return true;
  }

  // Weights as output x input x height x width, and the bias.
  bool add_convolution(const Layer& layer, const std::string& name, TfliteOp op, bool relu6,
                       int expected_inputs) {
    if (layer.op->op != op || layer.op->inputs.size() != 3)
      return refuse(layer, "is not the convolution with a bias that " + name + " should be");
    if (layer.op->activation != (relu6 ? TfliteActivation::Relu6 : TfliteActivation::None))
      return refuse(layer, relu6 ? "has no ReLU6" : "has an activation where there should be none");
    const TfliteTensor& weight = model_.tensors[origin(layer.op->inputs[1])];
    const TfliteTensor& bias = model_.tensors[origin(layer.op->inputs[2])];
    auto weights = tflite_values(weight);
    auto biases = tflite_values(bias);
    if (!weights.ok() || !biases.ok())
      return refuse(layer, "has no weights: " + (weights.ok() ? biases : weights).error().message);
    const bool depthwise = op == TfliteOp::DepthwiseConv;
    const auto& shape = weight.shape;  // OHWI, or 1HWO
    if (shape.size() != 4 || shape[1] != shape[2] || (depthwise && shape[0] != 1))
      return refuse(layer, "has weights of a shape that is not known here");
    const int64_t outputs = depthwise ? shape[3] : shape[0];
    const int64_t inputs = depthwise ? 1 : shape[3];
    if (biases.value().size() != static_cast<size_t>(outputs) || inputs != expected_inputs)
      return refuse(layer, "has channels that do not fit those before it, or its bias");
    last_ = {static_cast<int>(shape[1]), static_cast<int>(outputs)};
    const int64_t area = shape[1] * shape[2];
    std::vector<float> sorted(weights.value().size());
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t i = 0; i < inputs; ++i) {
        for (int64_t p = 0; p < area; ++p) {
          const int64_t from = depthwise ? p * outputs + o : (o * area + p) * inputs + i;
          sorted[static_cast<size_t>((o * inputs + i) * area + p)] =
              weights.value()[static_cast<size_t>(from)];
        }
      }
    }
    backbone_.tensors[name + ".weight"] = {{outputs, inputs, shape[1], shape[2]},
                                           std::move(sorted)};
    backbone_.tensors[name + ".bias"] = {{outputs}, std::move(biases.value())};
    return true;
  }

  const TfliteModel& model_;
  const std::string& file_;
  std::string fault_;
  Backbone backbone_;
  std::vector<Layer> layers_;
  std::map<size_t, size_t> origins_;
  std::map<size_t, const TfliteOperator*> paddings_;  // by what they make
  std::set<size_t> known_;  // none is made after it was used, so no chain of origins is a circle
  struct {
    int kernel;
    int outputs;
  } last_{};  // convolution that was added
};

}  // namespace

Result<Backbone> backbone_of(const TfliteModel& model, const std::string& file) {
  return Importer(model, file).run();
}

Result<void> write_backbone(const Backbone& backbone, const std::string& path) {
  const std::string ending = ".safetensors";
  std::string stem = path;
  if (stem.size() > ending.size() &&
      stem.compare(stem.size() - ending.size(), ending.size(), ending) == 0)
    stem.resize(stem.size() - ending.size());
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : backbone.tensors)
    views[name] = {DataType::F32, tensor.shape, tensor.values.data()};
  auto written = write_safetensors(stem + ending, views, {{"format", "pt"}});
  if (!written.ok())
    return written;

  nlohmann::json json;
  json["name"] = stem.substr(stem.rfind('/') + 1);
  json["input"] = {{"width", backbone.width},
                   {"height", backbone.height},
                   {"channels", "RGB"},
                   {"scale", backbone.scale},
                   {"offset", backbone.offset}};
  json["stem"] = {{"kernel", 3}, {"stride", 2}, {"out_channels", backbone.encoder.stem_channels}};
  json["head"] = {{"kernel", 1}, {"out_channels", backbone.encoder.head_channels}};
  for (const BlockConfig& block : backbone.encoder.blocks) {
    json["blocks"].push_back({{"in_channels", block.in_channels},
                              {"hidden_channels", block.hidden_channels},
                              {"out_channels", block.out_channels},
                              {"kernel", block.kernel},
                              {"stride", block.stride},
                              {"residual", block.residual}});
  }
  AtomicFile file(stem + ".json");
  const std::string text = json.dump(1) + "\n";
  file.write(text.data(), text.size());
  return file.finish();
}

}  // namespace jetsoncaption
