// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes an encoder to start a training from, out of a classifier as TensorFlow Lite file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/config.h"
#include "train/tflite_file.h"

namespace jetsoncaption {

struct BackboneTensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct Backbone {
  EncoderConfig encoder;
  int width = 0;  // of the pictures that it takes
  int height = 0;
  float scale = 1 / 127.5F;  // x = pixel * scale + offset
  float offset = -1;
  std::map<std::string, BackboneTensor> tensors;  // "blocks.0.depthwise.weight"
};

// Takes MobileNetV2, EfficientNet-Lite and their relatives, in float, fp16 or int8: a stem,
// inverted residuals with ReLU6, a head of 1x1; what comes behind the head is left. What pixels
// become is taken from a quantized input; for others it stays as above. InvalidArgument names the
// operator that does not fit.
Result<Backbone> backbone_of(const TfliteModel& model, const std::string& file);

// Writes PATH.safetensors and PATH.json, as --backbone takes them; `path` may end in .safetensors.
Result<void> write_backbone(const Backbone& backbone, const std::string& path);

}  // namespace jetsoncaption
