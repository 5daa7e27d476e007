// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of devices and precisions.
#include "captioner/captioner.h"

namespace jetsoncaption {

const char* name_of(Device device) {
  switch (device) {
    case Device::Cpu:
      return "cpu";
    case Device::Cuda:
      return "cuda";
    case Device::Auto:
      break;
  }
  return "auto";
}

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::Fp32:
      return "fp32";
    case Precision::Fp16:
      return "fp16";
    case Precision::Int8:
      return "int8";
    case Precision::Auto:
      break;
  }
  return "auto";
}

}  // namespace jetsoncaption
