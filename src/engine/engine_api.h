/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The C boundary between the plugin and its engines: libjetsoncaption-engine-int8.so, which needs
 * no other library, and libjetsoncaption-engine-torch.so with LibTorch.
 *
 * The plugin opens an engine at run time and asks for its function table:
 *
 *   const JetsonCaptionEngineApi *api = jetsoncaption_engine_get_api
 * (JETSONCAPTION_ENGINE_API_VERSION);
 *
 * No exception crosses this boundary. Strings are UTF-8 and zero-terminated. Structures begin with
 * their size, so that fields can be added at the end: what a caller with an older, shorter
 * structure does not have counts as 0, and is not written. An engine leaves the process of its host
 * as it found it: threads of BLAS, switches of cuDNN, the heap.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when anything below changes its meaning. */
#define JETSONCAPTION_ENGINE_API_VERSION 3

#define JETSONCAPTION_ENGINE_TEXT_SIZE 1024
#define JETSONCAPTION_ENGINE_NAME_SIZE 64
#define JETSONCAPTION_ENGINE_MAX_WORDS 50
#define JETSONCAPTION_ENGINE_MAX_TAGS 32
#define JETSONCAPTION_ENGINE_WORD_SIZE 72 /* words of a bundle have at most 64 bytes */

/* The same numbers as jetsoncaption::ErrorKind. */
typedef enum {
  JETSONCAPTION_ENGINE_OK = 0,
  JETSONCAPTION_ENGINE_NOT_FOUND = 1,
  JETSONCAPTION_ENGINE_INVALID_ARGUMENT = 2,
  JETSONCAPTION_ENGINE_CORRUPT_MODEL = 3,
  JETSONCAPTION_ENGINE_OUT_OF_MEMORY = 4,
  JETSONCAPTION_ENGINE_UNSUPPORTED = 5,
  JETSONCAPTION_ENGINE_CANCELLED = 6,
  JETSONCAPTION_ENGINE_INTERNAL = 7,
  JETSONCAPTION_ENGINE_LOST = 8 /* the process of the engine; only destroy () is left to call */
} JetsonCaptionEngineStatus;

/* The same numbers as jetsoncaption::Device and jetsoncaption::Precision. */
typedef enum {
  JETSONCAPTION_ENGINE_DEVICE_AUTO = 0,
  JETSONCAPTION_ENGINE_DEVICE_CPU = 1,
  JETSONCAPTION_ENGINE_DEVICE_CUDA = 2
} JetsonCaptionEngineDevice;

typedef enum {
  JETSONCAPTION_ENGINE_PRECISION_AUTO = 0,
  JETSONCAPTION_ENGINE_PRECISION_FP32 = 1,
  JETSONCAPTION_ENGINE_PRECISION_FP16 = 2,
  JETSONCAPTION_ENGINE_PRECISION_INT8 = 3
} JetsonCaptionEnginePrecision;

/* The same numbers as jetsoncaption::SelfTestOutcome: whether the model says of the pictures of its
 * bundle's self-test what the bundle stores, and LibTorch computes what it should. */
typedef enum {
  JETSONCAPTION_ENGINE_SELF_TEST_ABSENT = 0,
  JETSONCAPTION_ENGINE_SELF_TEST_PASSED = 1,
  JETSONCAPTION_ENGINE_SELF_TEST_FAILED = 2
} JetsonCaptionEngineSelfTest;

typedef struct {
  size_t size;           /* sizeof (JetsonCaptionEngineOptions) */
  const char* model_dir; /* bundle directory; copied */
  int32_t device;        /* JetsonCaptionEngineDevice */
  int32_t precision;     /* JetsonCaptionEnginePrecision */
  uint32_t threads;      /* CPU threads; 0: chosen for the machine */
  int32_t cudnn;         /* 1: cuDNN may be used */
  /* Of an engine in a process of its own; others do not look at them. 0: none. */
  uint32_t worker_timeout_ms;      /* longest time of a caption */
  uint32_t worker_memory_limit_mb; /* of the process's data */
  /* Called in the thread of create () while that waits for the process. Other than 0: nobody wants
   * the engine any more; the process is ended, and create () says CANCELLED. NULL: it is waited
   * for. */
  int32_t (*is_cancelled)(void* cancel_data);
  void* cancel_data;
} JetsonCaptionEngineOptions;

/* RGB, 8 bits a channel. The pixels are borrowed for the call. Any size; the engine squashes the
 * image to the model's input, and does nothing when it has that size already. */
typedef struct {
  size_t size; /* sizeof (JetsonCaptionEngineImage) */
  const uint8_t* pixels;
  uint32_t width;
  uint32_t height;
  size_t stride; /* bytes from one row to the next */
} JetsonCaptionEngineImage;

typedef struct {
  size_t size;               /* sizeof (JetsonCaptionEngineRequest) */
  uint32_t beam_size;        /* 1 to 16 */
  uint32_t max_words;        /* 1 to JETSONCAPTION_ENGINE_MAX_WORDS */
  uint32_t max_inference_ms; /* 0: no limit; the first word is written in any case */
  int32_t attention;         /* 1: fill the words and maps of the caption */
  /* A caption of less confidence, 0 to 1, gives way to "perhaps: " and likely tags, where there are
   * any, or "perhaps: nothing" where there is nothing to see; 0: none does. */
  double hedge_below;
  uint64_t number; /* of the caption, for cancel () */
  /* How much the tags count when words are chosen; 0: as much as the model says, below 0: not. */
  double tag_weight;
} JetsonCaptionEngineRequest;

/* Of hedge_below, where nobody says another: of captions below it most are wrong. */
#define JETSONCAPTION_ENGINE_HEDGE_BELOW 0.25

typedef struct {
  char text[JETSONCAPTION_ENGINE_WORD_SIZE];
  double probability; /* of this word, given the image and the words before; 0 to 1 */
} JetsonCaptionEngineWord;

/* A thing that the image may show. */
typedef struct {
  char text[JETSONCAPTION_ENGINE_WORD_SIZE]; /* an everyday noun */
  double probability;                        /* that a person would name it; 0 to 1 */
} JetsonCaptionEngineTag;

typedef struct {
  size_t size;                               /* sizeof (JetsonCaptionEngineCaption) */
  char text[JETSONCAPTION_ENGINE_TEXT_SIZE]; /* cut at a character when longer */
  double confidence;                         /* 0 to 1 */
  double inference_ms;
  uint32_t words;
  int32_t truncated; /* 1: stopped by max_words or max_inference_ms */
  int32_t hedged;    /* 1: likely tags in the place of a doubtful sentence; it has no words */

  /* Memory of the caller, which the engine writes when the request asks for attention and does not
   * look at otherwise. Both must have room for max_words of the request.
   *
   * word_list [words]: the words of the text in their order.
   * attention [words][rows][columns]: for each word a map of where the model looked in the whole
   * image, row-major from the top left, with a sum of 1 up to rounding. JetsonCaptionEngineStats
   * says how many rows and columns there are. */
  JetsonCaptionEngineWord* word_list;
  uint32_t word_capacity; /* words */
  float* attention;
  size_t attention_capacity; /* floats */

  /* The likeliest things, likeliest first; none where the model has no tags. */
  JetsonCaptionEngineTag tag_list[JETSONCAPTION_ENGINE_MAX_TAGS];
  uint32_t tags;

  /* Where inference_ms went: shrinking to the model's input, the encoder, the words. */
  double shrink_ms;
  double encode_ms;
  double decode_ms;
  uint32_t steps; /* of the decoder: one a word, and one to see whether it ends */
} JetsonCaptionEngineCaption;

/* What was loaded and what it did so far. */
typedef struct {
  size_t size; /* sizeof (JetsonCaptionEngineStats) */
  char model_name[JETSONCAPTION_ENGINE_NAME_SIZE];
  char device[JETSONCAPTION_ENGINE_NAME_SIZE];    /* "cpu", "cuda" */
  char precision[JETSONCAPTION_ENGINE_NAME_SIZE]; /* of the weights: "fp32", "fp16", "int8" */
  /* What computes, and in which precision: "torch" in that of the weights, "torch-fp32" in fp32
   * with fp16 weights, "dequantized" in fp32 with int8 weights, "int8-avx2" and the like in int8.
   */
  char kernels[JETSONCAPTION_ENGINE_NAME_SIZE];
  char version[JETSONCAPTION_ENGINE_NAME_SIZE]; /* "LibTorch 1.13.1", "jetsoncaption 0.9.0" */
  uint32_t threads;
  uint32_t input_width; /* the size that needs no further shrinking */
  uint32_t input_height;
  uint64_t captions; /* described since create() */
  uint64_t failures;
  uint64_t device_memory_bytes; /* held on the accelerator; 0 on the CPU, or if not known */
  uint32_t attention_columns;   /* of the map of a word */
  uint32_t attention_rows;
  int32_t self_test; /* JetsonCaptionEngineSelfTest, of when the model was loaded */
  /* A sentence with the remedy when it failed, else "". */
  char self_test_failure[JETSONCAPTION_ENGINE_TEXT_SIZE];
  /* A sentence with the remedy when the memory of the GPU ran out, in create() or describe(),
   * and the model was moved to the CPU: device, precision and kernels are those of the CPU then,
   * and stay it. Else "". */
  char device_fallback[JETSONCAPTION_ENGINE_TEXT_SIZE];
  /* Of an engine in a process of its own, while there is one; else 0. */
  uint64_t process_id;
  uint64_t process_memory_bytes; /* resident */
} JetsonCaptionEngineStats;

typedef struct JetsonCaptionEngine JetsonCaptionEngine;

typedef struct {
  uint32_t version; /* JETSONCAPTION_ENGINE_API_VERSION */

  /* Loads the model; takes about a second. On failure *engine is NULL, and last_error () says
   * in a sentence what happened in this thread. */
  int32_t (*create)(const JetsonCaptionEngineOptions* options, JetsonCaptionEngine** engine);

  /* Describes one image. One call at a time for an engine, from any thread. */
  int32_t (*describe)(JetsonCaptionEngine* engine, const JetsonCaptionEngineImage* image,
                      const JetsonCaptionEngineRequest* request,
                      JetsonCaptionEngineCaption* caption);

  /* From any thread, also while describe () runs. */
  void (*get_stats)(JetsonCaptionEngine* engine, JetsonCaptionEngineStats* stats);

  /* Gives memory of the engine's own that is not needed between captions back, and leaves the heap
   * of the process alone: to trim that would hold up each thread that allocates. From any thread;
   * waits for a describe () that runs. */
  void (*trim_memory)(JetsonCaptionEngine* engine);

  /* Makes each describe () whose request has at most this number return CANCELLED: at the next word
   * when it runs in another thread, at once when it has not begun. Numbers are below UINT64_MAX.
   * From any thread. */
  void (*cancel)(JetsonCaptionEngine* engine, uint64_t number);

  /* No other call may be running or follow. NULL is allowed. */
  void (*destroy)(JetsonCaptionEngine* engine);

  /* The sentence that belongs to the last status other than OK in the calling thread, valid until
   * the next call in that thread. Never NULL. */
  const char* (*last_error)(void);
} JetsonCaptionEngineApi;

/* NULL when this engine cannot serve that version. */
typedef const JetsonCaptionEngineApi* (*JetsonCaptionEngineGetApi)(uint32_t version);
#define JETSONCAPTION_ENGINE_GET_API_NAME "jetsoncaption_engine_get_api"

#ifdef __cplusplus
}
#endif
