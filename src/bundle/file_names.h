// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a bundle that are looked for without opening it.
#pragma once

namespace jetsoncaption {

constexpr char kMasterWeightsName[] = "model.safetensors";
constexpr char kInt8WeightsName[] = "model-int8.safetensors";

}  // namespace jetsoncaption
