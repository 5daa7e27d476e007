// SPDX-License-Identifier: LGPL-2.1-or-later
// What describes images, whatever computes it: int8/int8_captioner.h, torch/torch_captioner.h, and
// engine/engine_captioner.h for an engine that is opened at run time.
//
//   auto captioner = load_int8_captioner(options);
//   if (!captioner.ok()) ...
//   auto caption = captioner.value()->describe(image, {});
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/confidence_facts.h"
#include "image/image_view.h"

namespace jetsoncaption {

enum class Device { Auto = 0, Cpu = 1, Cuda = 2 };
enum class Precision { Auto = 0, Fp32 = 1, Fp16 = 2, Int8 = 3 };

const char* name_of(Device device);        // "auto", "cpu", "cuda"
const char* name_of(Precision precision);  // "auto", "fp32", "fp16", "int8"

struct CaptionerOptions {
  std::string model_dir;         // the bundle directory
  Device device = Device::Auto;  // Auto: CUDA where this build and this machine have it
  // Auto: fp16 on CUDA; on the CPU int8 where the bundle has it, else the master weights. fp16 on
  // the CPU rounds the weights to fp16 but computes in fp32: processors are slow at fp16.
  Precision precision = Precision::Auto;
  int threads = 0;     // CPU threads, 1 to 64; 0: chosen for the machine
  bool cudnn = false;  // allow cuDNN
};

struct DescribeOptions {
  int beam_size = 1;   // 1 to 16; 1 is greedy search
  int max_words = 20;  // 1 to 50
  // Stop at a word boundary after this long; 0: no limit. Looking at the picture and the first word
  // are never left out, so a caption that ran out of time has at least one word, unless the model
  // has nothing to say.
  double max_inference_ms = 0;
  // How much the tags count when words are chosen (captioner/tag_evidence.h); below 0: as much as
  // the bundle says.
  double tag_weight = -1;
  // Captions of less confidence, 0 to 1, give way to "perhaps: " and the likeliest tags where there
  // are likely ones; where there is nothing to see, to "perhaps: nothing". 0: none does.
  double hedge_below = 0;
  bool attention = false;  // also say where the model looked for each word
  uint64_t number = 0;     // of this caption, for cancel()
};

struct CaptionWord {
  std::string text;
  double probability = 0;  // of this word, given the picture and the words before
  // Where the model looked when it chose the word: CaptionerInfo's grid of the whole picture,
  // row-major from the top left, with a sum of 1 up to rounding. Empty unless asked for.
  std::vector<float> attention;
};

// A thing that the picture may show, as the model's classifier sees it.
struct CaptionTag {
  std::string text;        // an everyday noun
  double probability = 0;  // that a person would name it
};

struct Caption {
  std::string text;  // words joined by blanks, lower case, no full stop
  // 0 to 1: that it names nothing which is not there, where the bundle is calibrated; else the
  // geometric mean of the words' probabilities, the end included.
  double confidence = 0;
  ConfidenceFacts facts;  // what the confidence is made from
  std::vector<CaptionWord> words;
  std::vector<CaptionTag> tags;  // likeliest first: those that the decoder was shown; may be empty
  double inference_ms = 0;       // wall time of this describe()
  bool truncated = false;        // stopped by max_words or max_inference_ms, not by the model
  bool hedged = false;           // "perhaps: kitchen, microwave" stands for a doubtful sentence
};

// Whether the model says of the pictures of its bundle's self-test what the bundle stores, and
// LibTorch, where it computes on the CPU, computes what it should.
enum class SelfTestOutcome { Absent = 0, Passed = 1, Failed = 2 };

// What was loaded, for `stats`, `doctor` and `bench`.
struct CaptionerInfo {
  PictureSize input_size() const { return {input_width, input_height}; }

  std::string model_name;
  Device device = Device::Cpu;  // where it computes now: not Auto
  // Why that is the CPU although it was the GPU or was to be: a sentence with the remedy; else "".
  std::string device_fallback;
  Precision precision = Precision::Int8;  // what the weights are rounded to: not Auto
  std::string engine;                     // CaptionNetwork::kernels(): also tells the arithmetic
  std::string version;  // of what computes: "LibTorch 1.13.1", "jetsoncaption 0.9.0"
  int threads = 0;
  int input_width = 0;
  int input_height = 0;
  int grid_columns = 0;  // of the maps of attention
  int grid_rows = 0;
  SelfTestOutcome self_test = SelfTestOutcome::Absent;
  std::string self_test_failure;  // a sentence with the remedy; empty unless it failed
};

// Where the time of the last describe() went.
struct CaptionTimes {
  double shrink_ms = 0;
  double encode_ms = 0;
  double decode_ms = 0;
  int steps = 0;  // decoder steps: one a word, and one to see whether the sentence ends
};

// Thread-safe only where said: one describe() at a time, from any thread; cancel() at any time.
class Captioner {
 public:
  virtual ~Captioner() = default;

  // Squashes the image to the model's input and describes it. The image may have any size of at
  // least 1x1 and is not kept. InvalidArgument, Cancelled, OutOfMemory, Internal.
  virtual Result<Caption> describe(const ImageView& image, const DescribeOptions& options) = 0;

  // Makes each describe() whose number is at most this one return Cancelled: at the next word when
  // it runs, at once when it has not begun. For good, so that a cancel is not lost that comes a
  // moment too early: number the captions upwards.
  virtual void cancel(uint64_t number) = 0;

  // Gives memory that is not needed between captions back. Not while describe() runs.
  virtual void trim_memory() {}

  // What is held on the accelerator; 0 on the CPU, and where the build cannot tell. At any time.
  virtual uint64_t device_memory_bytes() const { return 0; }

  virtual CaptionerInfo info() const = 0;  // At any time.
  virtual CaptionTimes last_times() const = 0;
};

}  // namespace jetsoncaption
