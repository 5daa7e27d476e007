// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages between the plugin and its worker: what makes no sense is refused.
#include "worker/protocol.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/mutation.h"

namespace jetsoncaption {
namespace {

using Message = std::vector<char>;

WorkerRequest create_request() {
  WorkerRequest request;
  request.kind = RequestKind::Create;
  request.serial = 7;
  request.create.engine = EngineKind::Torch;
  request.create.model_dir = "/models/one";
  request.create.device = JETSONCAPTION_ENGINE_DEVICE_CPU;
  request.create.precision = JETSONCAPTION_ENGINE_PRECISION_FP16;
  request.create.threads = 3;
  request.create.cudnn = true;
  return request;
}

WorkerRequest describe_request() {
  WorkerRequest request;
  request.kind = RequestKind::Describe;
  request.serial = 8;
  request.describe.request.beam_size = 2;
  request.describe.request.max_words = 20;
  request.describe.request.max_inference_ms = 250;
  request.describe.request.hedge_below = 0.25;
  request.describe.request.tag_weight = -1;
  request.describe.request.number = 99;
  request.describe.width = 224;
  request.describe.height = 160;
  request.describe.cells = 4;
  return request;
}

WorkerAnswer good_answer() {
  WorkerAnswer answer;
  JetsonCaptionEngineStats& stats = answer.stats;
  std::strcpy(stats.model_name, "fake");
  std::strcpy(stats.device_fallback, "The memory of the GPU ran out.");
  stats.threads = 2;
  stats.input_width = 224;
  stats.input_height = 160;
  stats.attention_columns = stats.attention_rows = 2;
  stats.captions = 5;
  JetsonCaptionEngineCaption& caption = answer.caption.caption;
  std::strcpy(caption.text, "a dog");
  caption.confidence = 0.5;
  caption.inference_ms = 12;
  caption.words = 2;
  caption.truncated = 1;
  caption.tags = 1;
  std::strcpy(caption.tag_list[0].text, "dog");
  caption.tag_list[0].probability = 0.75;
  answer.caption.words.resize(2);
  std::strcpy(answer.caption.words[0].text, "a");
  std::strcpy(answer.caption.words[1].text, "dog");
  answer.caption.words[1].probability = 0.25;
  answer.caption.maps = {0.1F, 0.2F, 0.3F, 0.4F, 1, 0, 0, 0};
  return answer;
}

Message message_of(const WorkerRequest& request) {
  Message message;
  encode_request(request, message);
  return message;
}

Message message_of(const WorkerAnswer& answer) {
  Message message;
  encode_answer(RequestKind::Describe, 8, answer, message);
  return message;
}

bool is_request(const Message& message) {
  WorkerRequest request;
  return decode_request(message.data(), message.size(), request).ok();
}

// "" when it is taken, else what makes no sense.
std::string refusal(const Message& message, const WorkerRequest& request = describe_request()) {
  WorkerAnswer answer;
  const Result<void> decoded = decode_answer(message.data(), message.size(), request, answer);
  return decoded.ok() ? "" : decoded.error().message;
}

TEST(WorkerProtocol, CarriesACreate) {
  WorkerRequest read;
  const Message message = message_of(create_request());
  ASSERT_TRUE(decode_request(message.data(), message.size(), read).ok());
  EXPECT_EQ(read.kind, RequestKind::Create);
  EXPECT_EQ(read.serial, 7U);
  EXPECT_EQ(read.create.engine, EngineKind::Torch);
  EXPECT_EQ(read.create.model_dir, "/models/one");
  EXPECT_EQ(read.create.device, JETSONCAPTION_ENGINE_DEVICE_CPU);
  EXPECT_EQ(read.create.precision, JETSONCAPTION_ENGINE_PRECISION_FP16);
  EXPECT_EQ(read.create.threads, 3U);
  EXPECT_TRUE(read.create.cudnn);
}

TEST(WorkerProtocol, CarriesADescribe) {
  WorkerRequest read;
  const Message message = message_of(describe_request());
  ASSERT_TRUE(decode_request(message.data(), message.size(), read).ok());
  EXPECT_EQ(read.describe.width, 224U);
  EXPECT_EQ(read.describe.height, 160U);
  EXPECT_EQ(read.describe.cells, 4U);
  EXPECT_EQ(read.describe.request.beam_size, 2U);
  EXPECT_EQ(read.describe.request.max_words, 20U);
  EXPECT_EQ(read.describe.request.max_inference_ms, 250U);
  EXPECT_EQ(read.describe.request.attention, 1);
  EXPECT_EQ(read.describe.request.hedge_below, 0.25);
  EXPECT_EQ(read.describe.request.tag_weight, -1);
  EXPECT_EQ(read.describe.request.number, 99U);
}

TEST(WorkerProtocol, CarriesACancelAndAStage) {
  WorkerRequest cancel;
  cancel.kind = RequestKind::Cancel;
  cancel.cancel_number = 12;
  WorkerRequest read;
  Message message = message_of(cancel);
  ASSERT_TRUE(decode_request(message.data(), message.size(), read).ok());
  EXPECT_EQ(read.cancel_number, 12U);
  WorkerStage stage = WorkerStage::Starting;
  EXPECT_FALSE(decode_stage(message.data(), message.size(), stage));
  encode_stage(WorkerStage::LoadingModel, message);
  EXPECT_TRUE(decode_stage(message.data(), message.size(), stage));
  EXPECT_EQ(stage, WorkerStage::LoadingModel);
}

TEST(WorkerProtocol, CarriesACaption) {
  WorkerAnswer read;
  const Message message = message_of(good_answer());
  const auto decoded = decode_answer(message.data(), message.size(), describe_request(), read);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_STREQ(read.stats.model_name, "fake");
  EXPECT_STREQ(read.stats.device_fallback, "The memory of the GPU ran out.");
  EXPECT_EQ(read.stats.input_height, 160U);
  EXPECT_EQ(read.stats.captions, 5U);
  const JetsonCaptionEngineCaption& caption = read.caption.caption;
  EXPECT_STREQ(caption.text, "a dog");
  EXPECT_EQ(caption.confidence, 0.5);
  EXPECT_EQ(caption.truncated, 1);
  EXPECT_EQ(caption.tags, 1U);
  EXPECT_STREQ(caption.tag_list[0].text, "dog");
  ASSERT_EQ(read.caption.words.size(), 2U);
  EXPECT_STREQ(read.caption.words[1].text, "dog");
  EXPECT_EQ(read.caption.maps, good_answer().caption.maps);
}

TEST(WorkerProtocol, CarriesAnError) {
  WorkerAnswer answer = good_answer();
  answer.status = JETSONCAPTION_ENGINE_CANCELLED;
  answer.error = std::string(5000, 'x');
  WorkerAnswer read;
  const Message message = message_of(answer);
  ASSERT_TRUE(decode_answer(message.data(), message.size(), describe_request(), read).ok());
  EXPECT_EQ(read.status, JETSONCAPTION_ENGINE_CANCELLED);
  EXPECT_EQ(read.error, std::string(JETSONCAPTION_ENGINE_TEXT_SIZE - 1, 'x')) << "cut";
}

TEST(WorkerProtocol, RefusesEveryOtherLength) {
  for (const Message& good : {message_of(create_request()), message_of(describe_request())}) {
    EXPECT_TRUE(is_request(good));
    for (size_t length = 0; length < good.size(); ++length)
      EXPECT_FALSE(is_request(Message(good.begin(), good.begin() + static_cast<long>(length))));
    Message longer = good;
    longer.push_back(0);
    EXPECT_FALSE(is_request(longer));
  }
  Message answer = message_of(good_answer());
  EXPECT_EQ(refusal(answer), "");
  for (size_t length = 0; length < answer.size(); ++length)
    ASSERT_NE(refusal(Message(answer.begin(), answer.begin() + static_cast<long>(length))), "");
  answer.push_back(0);
  EXPECT_NE(refusal(answer), "");
}

// Also when the head says that it is right.
TEST(WorkerProtocol, RefusesABodyOfAnotherLength) {
  const auto with_length = [](Message message, size_t length) {
    message.resize(length);
    const auto told = static_cast<uint32_t>(length - 24);
    std::memcpy(message.data() + 12, &told, sizeof told);
    return message;
  };
  const Message answer = message_of(good_answer());
  ASSERT_EQ(refusal(with_length(answer, answer.size())), "");
  for (size_t length = 24; length < answer.size() + 9; ++length) {
    if (length != answer.size()) {
      ASSERT_NE(refusal(with_length(answer, length)), "") << length;
    }
  }
  const Message request = message_of(describe_request());
  for (size_t length = 24; length < request.size() + 9; ++length)
    EXPECT_EQ(is_request(with_length(request, length)), length == request.size());
}

TEST(WorkerProtocol, RefusesWhatIsOfSomethingElse) {
  for (const size_t byte : {0, 4, 8, 16}) {  // magic, version, kind, serial
    Message answer = message_of(good_answer());
    answer[byte] = static_cast<char>(answer[byte] + 1);
    EXPECT_NE(refusal(answer), "") << byte;
  }
  Message request = message_of(create_request());
  request[4] = 2;
  WorkerRequest read;
  const Result<void> decoded = decode_request(request.data(), request.size(), read);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("from one release"), std::string::npos);
  EXPECT_NE(refusal(message_of(good_answer()), create_request()), "") << "of another kind";
}

TEST(WorkerProtocol, RefusesTextsWithoutAnEnd) {
  for (const char* text : {"a dog", "The memory of the GPU", "fake"}) {
    Message answer = message_of(good_answer());
    const std::string bytes(answer.begin(), answer.end());
    const size_t at = bytes.find(text);
    ASSERT_NE(at, std::string::npos);
    std::memset(answer.data() + at, 'x', std::min<size_t>(1024, answer.size() - at));
    EXPECT_NE(refusal(answer), "") << text;
  }
  Message request = message_of(create_request());
  std::memset(request.data() + 24 + 20, 'x', request.size() - 24 - 20);
  EXPECT_FALSE(is_request(request));
}

TEST(WorkerProtocol, RefusesNumbersThatAreOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  using Change = std::function<void(WorkerAnswer&)>;
  const std::vector<Change> changes = {
      [=](WorkerAnswer& a) { a.caption.caption.confidence = nan; },
      [=](WorkerAnswer& a) { a.caption.caption.confidence = 1.5; },
      [=](WorkerAnswer& a) { a.caption.caption.confidence = -0.5; },
      [=](WorkerAnswer& a) { a.caption.caption.inference_ms = infinite; },
      [=](WorkerAnswer& a) { a.caption.caption.encode_ms = -1; },
      [=](WorkerAnswer& a) { a.caption.caption.words = 1; },
      [=](WorkerAnswer& a) { a.caption.caption.words = ~0U; },
      [=](WorkerAnswer& a) { a.caption.caption.words = JETSONCAPTION_ENGINE_MAX_WORDS + 1; },
      [=](WorkerAnswer& a) { a.caption.caption.tag_list[0].probability = nan; },
      [=](WorkerAnswer& a) { a.caption.words[0].probability = 2; },
      [=](WorkerAnswer& a) { a.caption.maps[3] = std::numeric_limits<float>::quiet_NaN(); },
      [=](WorkerAnswer& a) { a.caption.maps[3] = 17; },
      [=](WorkerAnswer& a) { a.caption.maps.pop_back(); },
      [=](WorkerAnswer& a) { a.caption.words.resize(21); },
      [=](WorkerAnswer& a) { a.status = -1; },
      [=](WorkerAnswer& a) { a.status = JETSONCAPTION_ENGINE_LOST; },
      [=](WorkerAnswer& a) { a.stats.input_width = 20000; },
      [=](WorkerAnswer& a) { a.stats.input_width = a.stats.input_height = 16000; },
      [=](WorkerAnswer& a) { a.stats.attention_columns = a.stats.attention_rows = 65536; },
      [=](WorkerAnswer& a) { a.stats.self_test = 3; },
      [=](WorkerAnswer& a) { a.stats.threads = 100000; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    WorkerAnswer answer = good_answer();
    changes[i](answer);
    EXPECT_NE(refusal(message_of(answer)), "") << "change " << i;
  }
  WorkerRequest request = describe_request();
  request.describe.width = 0;
  EXPECT_FALSE(is_request(message_of(request)));
  request.describe.width = request.describe.height = 16000;
  EXPECT_FALSE(is_request(message_of(request)));
  request = describe_request();
  request.describe.cells = kWorkerMaxCells + 1;
  EXPECT_FALSE(is_request(message_of(request)));
}

TEST(WorkerProtocol, RefusesWordsThatNobodyAskedFor) {
  WorkerRequest request = describe_request();
  request.describe.cells = 0;
  EXPECT_NE(refusal(message_of(good_answer()), request), "");
}

TEST(WorkerProtocol, SurvivesDamage) {
  Mutator mutator(1);
  const Message answer = message_of(good_answer());
  const std::string bytes(answer.begin(), answer.end());
  int taken = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = mutator.mutate(bytes);
    if (damaged.size() >= 24) {
      const auto told = static_cast<uint32_t>(damaged.size() - 24);
      std::memcpy(&damaged[12], &told, sizeof told);
    }
    WorkerAnswer read;
    if (!decode_answer(damaged.data(), damaged.size(), describe_request(), read).ok())
      continue;
    taken++;
    EXPECT_LT(strnlen(read.caption.caption.text, JETSONCAPTION_ENGINE_TEXT_SIZE),
              size_t{JETSONCAPTION_ENGINE_TEXT_SIZE});
    EXPECT_TRUE(read.caption.caption.confidence >= 0 && read.caption.caption.confidence <= 1);
    EXPECT_LE(read.caption.words.size(), 20U);
  }
  EXPECT_GT(taken, 0) << "bytes of texts may be anything";
}

}  // namespace
}  // namespace jetsoncaption
