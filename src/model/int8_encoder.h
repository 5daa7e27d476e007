// SPDX-License-Identifier: LGPL-2.1-or-later
// The MobileNetV2 encoder in int8 arithmetic on oneDNN.
//
// Weights are int8 with a scale for each output channel, activations 8 bits with one step a layer,
// found by calibration (model/calibration.h). Activations after ReLU6 are unsigned, so that
// saturation at 255 is the cap of ReLU6; projections and the sums of residual blocks are signed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/config.h"
#include "model/onednn_kernels.h"
#include "model/safetensors.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace jetsoncaption {

class Int8Encoder {
 public:
  // Whether oneDNN computes this encoder right. Of version 3 not every one.
  static bool is_exact(const ModelConfig& config);

  // For encoders that are exact. The file is borrowed during construction.
  Int8Encoder(OnednnContext& context, const ModelConfig& config, const SafetensorsFile& file);

  // RGB pixels of the input size -> features [P, C], as multiples of output_step(). The result is
  // overwritten by the next call.
  const uint8_t* encode(const uint8_t* rgb);
  float output_step() const { return output_step_; }

 private:
  // A picture's worth of activations, channels last, in one of the buffers.
  struct Activation {
    dnnl::memory::data_type type = dnnl::memory::data_type::s8;
    int channels = 0;
    int height = 0;
    int width = 0;
    float step = 1.0F;
    int buffer = 0;
  };
  struct LayerShape {
    int outputs = 0;
    int kernel = 1;
    int stride = 1;
    bool depthwise = false;
    bool relu6 = true;
    int buffer = 0;                        // of the destination
    const Activation* residual = nullptr;  // what the destination holds already, to be added
  };
  struct Layer {
    dnnl::convolution_forward primitive;
    std::unordered_map<int, dnnl::memory> arguments;
    int source_buffer = 0;
    int destination_buffer = 0;
  };

  Activation add_layer(const SafetensorsFile& file, const std::string& name,
                       const Activation& input, const LayerShape& shape);
  void bind_buffers();

  OnednnContext& context_;
  std::array<std::array<int8_t, 256>, 3> input_table_;  // [channel][pixel]
  std::vector<Layer> layers_;
  std::array<size_t, 4> buffer_bytes_{};
  std::array<std::vector<uint8_t>, 4> buffers_;
  int output_buffer_ = 0;
  int input_pixels_ = 0;
  float output_step_ = 1.0F;
};

}  // namespace jetsoncaption
