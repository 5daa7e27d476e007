// SPDX-License-Identifier: LGPL-2.1-or-later
// libjetsoncaption-engine-int8.so: quantized captions on the CPU, without another library.
#include "engine/engine_glue.h"
#include "int8/int8_captioner.h"

namespace jetsoncaption {

Result<std::unique_ptr<Captioner>> load_module_captioner(const CaptionerOptions& options) {
  return load_int8_captioner(options);
}

void prepare_engine_process() {}

}  // namespace jetsoncaption
