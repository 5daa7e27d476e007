// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioner of the engine with LibTorch: every precision, on the CPU and on CUDA.
//
// Where the memory of the GPU runs out, it gives back what LibTorch keeps for later and tries
// again; where that does not help, it moves to the CPU for good, with int8 weights if the bundle
// has them. That is no error: info() tells, and it is logged as a warning.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "captioner/captioner.h"
#include "captioner/network_captioner.h"
#include "torch/numeric_check.h"

namespace jetsoncaption {

// Takes about a second. Device Auto: CUDA where this build and this machine have it. Precision
// Auto: fp16 on CUDA; on the CPU int8 where the bundle has it, else the master weights. fp16 on the
// CPU rounds the weights to fp16 but computes in fp32: processors are slow at fp16. int8 on the CPU
// computes with int8/, on CUDA with the weights turned back.
//
// Describes the pictures of the bundle's self-test, which also warms up; that they are described
// wrongly, or that LibTorch computes wrongly, is no error, but stands in info() and is logged.
// NotFound, InvalidArgument, CorruptModel, Unsupported, OutOfMemory.
Result<std::unique_ptr<Captioner>> load_torch_captioner(const CaptionerOptions& options);

// What load_torch_captioner() is made of, for tests that bring a GPU which they do not have, or a
// LibTorch that is wrong.

struct OpenedNetwork {
  LoadedNetwork loaded;
  CaptionerInfo info;
};

// Device and precision are what was chosen: not Auto. `operations` are compared where LibTorch
// computes on the CPU. A self-test that fails is no error; memory of the GPU that runs out is one.
Result<OpenedNetwork> open_network(const CaptionerOptions& options, Device device,
                                   Precision precision,
                                   const NumericOperations& operations = torch_operations());

using NetworkOpener =
    std::function<Result<OpenedNetwork>(const CaptionerOptions&, Device, Precision)>;

Result<std::unique_ptr<Captioner>> load_torch_captioner(const CaptionerOptions& options,
                                                        Device device, Precision precision,
                                                        NetworkOpener opener);

}  // namespace jetsoncaption
