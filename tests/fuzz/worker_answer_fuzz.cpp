// SPDX-License-Identifier: LGPL-2.1-or-later
// A message that the plugin reads: the answer to the request that its first byte chooses. Whatever
// the worker says, texts end, lists have the length that they say, and numbers are numbers.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "expect.h"
#include "text/plain_text.h"
#include "worker/protocol.h"

using namespace jetsoncaption;

namespace {

template <size_t kSize>
void expect_end(const char (&text)[kSize]) {
  expect(strnlen(text, kSize) < kSize);
  expect(find_active_character(replace_active_characters(text)) == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1)
    return 0;
  WorkerRequest request;
  request.kind = static_cast<RequestKind>(1 + data[0] % 3);
  request.serial = 7;
  request.describe.cells = data[0] < 128 ? 0 : 4;
  request.describe.request.max_words = JETSONCAPTION_ENGINE_MAX_WORDS;
  WorkerAnswer answer;
  if (!decode_answer(reinterpret_cast<const char*>(data + 1), size - 1, request, answer).ok())
    return 0;
  expect_end(answer.stats.model_name);
  expect_end(answer.stats.device);
  expect_end(answer.stats.kernels);
  expect_end(answer.stats.self_test_failure);
  if (request.kind != RequestKind::Describe || answer.status != JETSONCAPTION_ENGINE_OK)
    return 0;
  const WorkerCaption& caption = answer.caption;
  expect_end(caption.caption.text);
  expect(std::isfinite(caption.caption.confidence) && std::isfinite(caption.caption.inference_ms));
  expect(caption.caption.words <= JETSONCAPTION_ENGINE_MAX_WORDS);
  expect(caption.caption.tags <= JETSONCAPTION_ENGINE_MAX_TAGS);
  expect(caption.words.size() <= caption.caption.words);
  expect(caption.maps.size() == caption.words.size() * request.describe.cells);
  for (const JetsonCaptionEngineWord& word : caption.words)
    expect_end(word.text);
  for (const float part : caption.maps)
    expect(std::isfinite(part));
  return 0;
}
