// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests, from structures to messages and back, with all checks.
#include <cstring>
#include <string>
#include <vector>

#include "worker/protocol.h"
#include "worker/protocol_parts.h"

namespace jetsoncaption {
namespace {

struct CreateBody {
  int32_t engine;
  int32_t device;
  int32_t precision;
  uint32_t threads;
  int32_t cudnn;
  char model_dir[kWorkerMaxPath];
};

struct DescribeBody {
  uint64_t number;
  double hedge_below;
  double tag_weight;
  uint32_t beam_size;
  uint32_t max_words;
  uint32_t max_inference_ms;
  uint32_t width;
  uint32_t height;
  uint32_t cells;
};
static_assert(sizeof(DescribeBody) == 48, "no gaps");

struct CancelBody {
  uint64_t number;
};

Result<void> read_create(MessageReader& reader, CreateRequest& request) {
  CreateBody body;
  if (!reader.take(body) || !reader.is_at_end())
    return nonsense("a Create of a wrong length");
  if (body.engine < 0 || body.engine >= kEngineKinds || !ends(body.model_dir) ||
      body.threads > kMaxThreads)
    return nonsense("a Create that is out of range");
  request.engine = static_cast<EngineKind>(body.engine);
  request.device = body.device;
  request.precision = body.precision;
  request.threads = body.threads;
  request.cudnn = body.cudnn != 0;
  request.model_dir = body.model_dir;
  return {};
}

// What the engine checks itself it is left to say.
Result<void> read_describe(MessageReader& reader, DescribeRequest& describe) {
  DescribeBody body;
  if (!reader.take(body) || !reader.is_at_end())
    return nonsense("a Describe of a wrong length");
  if (body.width < 1 || body.height < 1 || body.width > kWorkerMaxSide ||
      body.height > kWorkerMaxSide || body.cells > kWorkerMaxCells ||
      uint64_t{body.width} * body.height * 3 > kWorkerMaxPixels)
    return nonsense("a Describe that is out of range");
  describe.width = body.width;
  describe.height = body.height;
  describe.cells = body.cells;
  JetsonCaptionEngineRequest& request = describe.request;
  request = {};
  request.size = sizeof request;
  request.beam_size = body.beam_size;
  request.max_words = body.max_words;
  request.max_inference_ms = body.max_inference_ms;
  request.attention = body.cells > 0 ? 1 : 0;
  request.hedge_below = body.hedge_below;
  request.tag_weight = body.tag_weight;
  request.number = body.number;
  return {};
}

}  // namespace

void encode_request(const WorkerRequest& request, std::vector<char>& message) {
  begin_message(static_cast<uint32_t>(request.kind), request.serial, message);
  if (request.kind == RequestKind::Create) {
    CreateBody body;
    std::memset(&body, 0, sizeof body);
    body.engine = static_cast<int32_t>(request.create.engine);
    body.device = request.create.device;
    body.precision = request.create.precision;
    body.threads = request.create.threads;
    body.cudnn = request.create.cudnn ? 1 : 0;
    put_text(body.model_dir, request.create.model_dir.c_str());
    append(body, message);
  } else if (request.kind == RequestKind::Describe) {
    const JetsonCaptionEngineRequest& asked = request.describe.request;
    const DescribeBody body = {
        asked.number,           asked.hedge_below,       asked.tag_weight,
        asked.beam_size,        asked.max_words,         asked.max_inference_ms,
        request.describe.width, request.describe.height, request.describe.cells};
    append(body, message);
  } else if (request.kind == RequestKind::Cancel) {
    append(CancelBody{request.cancel_number}, message);
  }
  finish_message(message);
}

Result<void> decode_request(const char* bytes, size_t length, WorkerRequest& request) {
  const Result<MessageHead> head = read_head(bytes, length);
  if (!head.ok())
    return head.error();
  request.serial = head.value().serial;
  request.kind = static_cast<RequestKind>(head.value().kind);
  MessageReader reader(bytes + sizeof(MessageHead), length - sizeof(MessageHead));
  CancelBody cancel = {0};
  switch (request.kind) {
    case RequestKind::Create:
      return read_create(reader, request.create);
    case RequestKind::Describe:
      return read_describe(reader, request.describe);
    case RequestKind::Trim:
      return reader.is_at_end() ? Result<void>() : nonsense("a Trim of a wrong length");
    case RequestKind::Cancel:
      if (!reader.take(cancel) || !reader.is_at_end())
        return nonsense("a Cancel of a wrong length");
      request.cancel_number = cancel.number;
      return {};
  }
  return nonsense("a request of the kind " + std::to_string(head.value().kind));
}

}  // namespace jetsoncaption
