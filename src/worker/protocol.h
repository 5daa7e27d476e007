// SPDX-License-Identifier: LGPL-2.1-or-later
// What the plugin and jetsoncaption-worker say to each other: requests one way, answers the other.
//
// Each message is one packet of a socket pair (SOCK_SEQPACKET): a head, and behind it the plain
// structures of its kind, in the bytes of this machine, for both ends are of one installation.
// Decoding checks every length, text and number, and trusts nothing. Pixels are not in messages:
// they lie in shared memory, whose descriptor comes with the first Describe that needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine_api.h"
#include "engine/engine_choice.h"

namespace jetsoncaption {

// Raised when a message changes its meaning.
constexpr uint32_t kWorkerProtocolVersion = 1;

constexpr int kWorkerSocket = 3;  // its number in the worker, behind the standard ones

// Of a map of attention; as many as the metadata takes.
constexpr uint32_t kWorkerMaxCells = 1024;

constexpr uint32_t kWorkerMaxSide = 16384;       // of a picture, in pixels
constexpr size_t kWorkerMaxPixels = 256U << 20;  // bytes of shared memory
constexpr size_t kWorkerMaxPath = 4096;

// No message is longer.
constexpr size_t kWorkerMaxMessage = 220000;

// The exit code of a worker that the system refused something it cannot go on without, and which
// cannot say so otherwise, is this and errno: 112 for want of memory.
constexpr int kWorkerFault = 100;

enum class RequestKind : uint32_t { Create = 1, Describe = 2, Trim = 3, Cancel = 4 };

// What a worker is doing, for the sentence that tells of its end.
enum class WorkerStage : uint32_t {
  Starting = 0,
  OpeningEngine = 1,
  LoadingModel = 2,
  Waiting = 3,  // for the next request
  Describing = 4,
  Trimming = 5,
};
const char* describe_stage(WorkerStage stage);  // "while it described a frame"

struct CreateRequest {
  EngineKind engine = EngineKind::Int8;
  std::string model_dir;
  int32_t device = JETSONCAPTION_ENGINE_DEVICE_AUTO;
  int32_t precision = JETSONCAPTION_ENGINE_PRECISION_AUTO;
  uint32_t threads = 0;
  bool cudnn = false;
};

// The image has no gaps between its rows, and lies at the start of the shared memory.
struct DescribeRequest {
  JetsonCaptionEngineRequest request = {};
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t cells = 0;  // of each map of attention; 0: no words and maps are wanted
};

struct WorkerRequest {
  RequestKind kind = RequestKind::Create;
  uint64_t serial = 0;  // of the answer; Cancel has none
  CreateRequest create;
  DescribeRequest describe;
  uint64_t cancel_number = 0;
};

// Of the caption, the pointers and capacities count for nothing here.
struct WorkerCaption {
  JetsonCaptionEngineCaption caption = {};
  std::vector<JetsonCaptionEngineWord> words;  // none, or as many as the caption has
  std::vector<float> maps;                     // [words][cells]
};

// `stats` are in each answer, so that nobody has to wait for them.
struct WorkerAnswer {
  int32_t status = JETSONCAPTION_ENGINE_OK;
  std::string error;  // of other states
  JetsonCaptionEngineStats stats = {};
  WorkerCaption caption;  // of a Describe that went well
};

// Replace what `message` has.
void encode_request(const WorkerRequest& request, std::vector<char>& message);
void encode_answer(RequestKind kind, uint64_t serial, const WorkerAnswer& answer,
                   std::vector<char>& message);
void encode_stage(WorkerStage stage, std::vector<char>& message);

// What a worker reads. An error says what makes no sense.
Result<void> decode_request(const char* bytes, size_t length, WorkerRequest& request);

// Whether a message only tells what the worker has begun.
bool decode_stage(const char* bytes, size_t length, WorkerStage& stage);

// What the plugin reads: the answer to the request. Texts end, but may be no UTF-8; numbers are in
// their range; a status is one that is known.
Result<void> decode_answer(const char* bytes, size_t length, const WorkerRequest& request,
                           WorkerAnswer& answer);

}  // namespace jetsoncaption
