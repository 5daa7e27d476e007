// SPDX-License-Identifier: LGPL-2.1-or-later
// What oneDNN 2 and 3 say differently. Version 3 has no operation descriptors, and scales are no
// attribute of the output but of the weights, given with each run.
//
// Drop the branches of version 2 when Debian 12 and Ubuntu 22.04 are no longer supported.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

namespace jetsoncaption {

#if DNNL_VERSION_MAJOR >= 3
using LogSoftmaxPrimitive = dnnl::softmax_forward;
#else
using LogSoftmaxPrimitive = dnnl::logsoftmax_forward;
#endif

// What a convolution is made from. Weights and bias are int8 and fp32.
struct ConvolutionShape {
  dnnl::memory::desc source;
  dnnl::memory::desc weights;
  dnnl::memory::desc bias;
  dnnl::memory::desc destination;
  dnnl::memory::dims strides;
  dnnl::memory::dims padding_before;
  dnnl::memory::dims padding_after;
};

// The scales and the bias of a convolution's outputs: out = (sum of products) * scale + bias.
struct OutputScales {
  std::vector<float> scales;  // one for each channel
  std::vector<float> bias;
};

inline dnnl::matmul::primitive_desc describe_matmul(const dnnl::engine& engine,
                                                    const dnnl::memory::desc& source,
                                                    const dnnl::memory::desc& weights,
                                                    const dnnl::memory::desc& destination) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, source, weights, destination};
#else
  return {dnnl::matmul::desc(source, weights, destination), engine};
#endif
}

// In place, for inference.
inline dnnl::eltwise_forward::primitive_desc describe_eltwise(const dnnl::engine& engine,
                                                              dnnl::algorithm algorithm,
                                                              const dnnl::memory::desc& shape) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, algorithm, shape, shape, 0.0F, 0.0F};
#else
  return {dnnl::eltwise_forward::desc(kKind, algorithm, shape, 0.0F, 0.0F), engine};
#endif
}

inline LogSoftmaxPrimitive::primitive_desc describe_log_softmax(const dnnl::engine& engine,
                                                                const dnnl::memory::desc& shape,
                                                                int axis) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, dnnl::algorithm::softmax_log, shape, shape, axis};
#else
  return {dnnl::logsoftmax_forward::desc(kKind, shape, axis), engine};
#endif
}

// `attributes` may hold operations that come after the scales.
inline dnnl::convolution_forward::primitive_desc describe_convolution(
    const dnnl::engine& engine, const ConvolutionShape& shape, const OutputScales& outputs,
    dnnl::primitive_attr attributes) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  // Groups are a dimension of the weights of their own, before the channels.
  const bool has_groups = shape.weights.get_dims().size() > shape.source.get_dims().size();
  (void)outputs;
  attributes.set_scales_mask(DNNL_ARG_WEIGHTS, has_groups ? (1 << 0) | (1 << 1) : 1 << 0);
  return {engine,
          kKind,
          kAlgorithm,
          shape.source,
          shape.weights,
          shape.bias,
          shape.destination,
          shape.strides,
          shape.padding_before,
          shape.padding_after,
          attributes};
#else
  attributes.set_output_scales(1 << 1, outputs.scales);
  return {{kKind, kAlgorithm, shape.source, shape.weights, shape.bias, shape.destination,
           shape.strides, shape.padding_before, shape.padding_after},
          attributes,
          engine};
#endif
}

// The bias as the convolution takes it, and what else it has to be run with: version 2 adds the
// bias before it scales.
inline std::vector<float> bias_argument(const OutputScales& outputs) {
  std::vector<float> bias = outputs.bias;
#if DNNL_VERSION_MAJOR < 3
  for (size_t i = 0; i < bias.size(); ++i)
    bias[i] /= outputs.scales[i];
#endif
  return bias;
}

inline void add_scales_argument(const dnnl::engine& engine, const OutputScales& outputs,
                                std::unordered_map<int, dnnl::memory>& arguments) {
#if DNNL_VERSION_MAJOR >= 3
  const auto count = static_cast<dnnl::memory::dim>(outputs.scales.size());
  dnnl::memory scales({{count}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a}, engine);
  float* values = scales.map_data<float>();
  std::copy(outputs.scales.begin(), outputs.scales.end(), values);
  scales.unmap_data(values);
  arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, std::move(scales));
#else
  (void)engine, (void)outputs, (void)arguments;
#endif
}

// Whether this processor multiplies int8 numbers in hardware (VNNI), as far as oneDNN uses it.
inline bool has_vnni() {
  using Isa = dnnl::cpu_isa;
  const Isa isa = dnnl::get_effective_cpu_isa();
  for (const Isa known : {
#if DNNL_VERSION_MAJOR >= 3
         Isa::avx2_vnni_2, Isa::avx512_core_fp16, Isa::avx512_core_amx_fp16,
#endif
             Isa::avx2_vnni, Isa::avx512_core_vnni, Isa::avx512_core_bf16, Isa::avx512_core_amx
       }) {
    if (isa == known)
      return true;
  }
  return false;
}

}  // namespace jetsoncaption
