// SPDX-License-Identifier: LGPL-2.1-or-later
// The encoder in int8 arithmetic, from RGB pixels to the last features.
//
// Weights have a scale for each output channel, activations one step a layer, found by calibration
// (train/quantize.h). After ReLU6 activations have the zero point 0, so that saturation at 255 is
// the cap of ReLU6; projections and the sums of residual blocks have 128.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/page_vector.h"
#include "bundle/config.h"
#include "bundle/safetensors.h"
#include "int8/kernels.h"

namespace jetsoncaption {

// A copy shares what does not change and may be used by another thread.
class Int8Encoder {
 public:
  // The file is borrowed during construction: convolutions need another layout.
  Int8Encoder(const Int8Kernels& kernels, const ModelConfig& config, const SafetensorsFile& file);

  // RGB pixels of the input size -> features [places, stride()] with zero point 0, as multiples of
  // output_step(). The result is overwritten by the next call.
  const uint8_t* encode(const uint8_t* rgb);
  int stride() const { return layout_->output.stride; }
  float output_step() const { return layout_->output.step; }

 private:
  // A picture's worth of activations [height, width, stride] in one of the buffers.
  struct Activation {
    int stride = 0;  // channels, rounded up to a multiple of kChannelBlock
    int channels = 0;
    int height = 0;
    int width = 0;
    float step = 1.0F;
    int zero_point = 0;
    int buffer = 0;
  };
  struct LayerShape {
    int outputs = 0;
    int kernel = 1;
    int stride = 1;
    bool depthwise = false;
    bool relu6 = true;
    int buffer = 0;         // of the destination
    bool residual = false;  // adds `added`, which may be what the destination holds already
    Activation added;
  };
  struct Layer {
    std::string name;
    LayerShape shape;
    Activation input, output;
    PageVector<int8_t> weights;        // packed, or in quads
    bool has_lowest = false;           // whether one of them is -128; of a pointwise layer
    PageVector<int16_t> wide_filters;  // of a depthwise layer, where it is not in quads
    std::vector<int32_t> offsets;
    std::vector<float> scales, bias;

    void set_filters(const std::vector<int8_t>& filters, int group);
    Requantization requantization() const;
  };

  // What does not change from picture to picture.
  struct Layout {
    std::array<std::array<uint8_t, 256>, 3> input_table;  // [channel][pixel]
    std::vector<Layer> layers;                            // the stem is the first
    Activation output;                                    // of the newest layer

    Layout(const Int8Kernels& kernels, const ModelConfig& config, const SafetensorsFile& file);
    void prepare_input(const ModelConfig& config);
    Activation add_layer(const Int8Kernels& kernels, const SafetensorsFile& file,
                         const std::string& name, const Activation& input, const LayerShape& shape);
  };

  void allocate();

  void run_stem(const uint8_t* rgb);
  void gather_stem_row(int row);
  void run_pointwise(const Layer& layer);
  void run_depthwise(const Layer& layer);
  static int columns_of(const Layer& layer);
  void find_places(const Layer& layer, int row);
  uint8_t* buffer(const Activation& of) { return buffers_[static_cast<size_t>(of.buffer)].data(); }

  const Int8Kernels& kernels_;
  const std::shared_ptr<const Layout> layout_;
  std::array<PageVector<uint8_t>, 4> buffers_;
  PageVector<uint8_t> image_;      // the input in steps, with a row and a column after it
  std::vector<uint8_t> stem_row_;  // the 27 inputs of each output of a row
  std::vector<const uint8_t*> places_;
  std::vector<uint8_t> zeros_;       // zero point 0, for places outside the picture
  std::vector<uint8_t> half_range_;  // the same with zero point 128
  std::vector<int16_t> scratch_;
};

}  // namespace jetsoncaption
