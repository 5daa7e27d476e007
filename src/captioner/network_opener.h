// SPDX-License-Identifier: LGPL-2.1-or-later
// From options to a network that is loaded and tested.
#pragma once

#include "base/result.h"
#include "captioner/captioner.h"
#include "torch/network_keeper.h"
#include "torch/numeric_check.h"

namespace jetsoncaption {

// Cpu or Cuda. Unsupported, InvalidArgument.
Result<Device> choose_device(Device device);

// Not Auto. NotFound, InvalidArgument.
Result<Precision> choose_precision(const CaptionerOptions& options, Device device);

struct OpenedNetwork {
  LoadedNetwork loaded;
  CaptionerInfo info;
};

// Takes about a second. A self-test that fails is no error, but stands in the info and is logged;
// memory of the GPU that runs out in it is one. `operations` are compared where LibTorch computes
// on the CPU. The kinds of Captioner::load().
Result<OpenedNetwork> open_network(const CaptionerOptions& options, Device device,
                                   Precision precision,
                                   const NumericOperations& operations = torch_operations());

}  // namespace jetsoncaption
