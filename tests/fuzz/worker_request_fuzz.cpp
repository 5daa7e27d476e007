// SPDX-License-Identifier: LGPL-2.1-or-later
// A message that the worker process reads. What it takes for good comes out the same again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "worker/protocol.h"

using namespace jetsoncaption;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const char* bytes = reinterpret_cast<const char*>(data);
  WorkerStage stage = WorkerStage::Starting;
  decode_stage(bytes, size, stage);
  WorkerRequest request;
  if (!decode_request(bytes, size, request).ok())
    return 0;
  const bool sizes_fit =
      request.kind != RequestKind::Describe ||
      (request.describe.width <= kWorkerMaxSide && request.describe.height <= kWorkerMaxSide &&
       request.describe.cells <= kWorkerMaxCells);
  if (!sizes_fit || request.create.model_dir.size() >= kWorkerMaxPath)
    std::abort();
  std::vector<char> again;
  encode_request(request, again);
  WorkerRequest second;
  if (!decode_request(again.data(), again.size(), second).ok() || second.kind != request.kind ||
      second.serial != request.serial)
    std::abort();
  return 0;
}
