// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes frames one after the other on a thread of its own, from start to stop.
//
// When the session is idle, the streaming thread lets a FrameShrinker read the frame and hands it
// over. In live mode it goes on at once; in every-frame mode it waits for the caption of this
// frame:
//
//   live:         if (session.is_idle()) { shrinker->read(frame); session.submit(job, shrinker); }
//   every frame:  if (session.wait_until_idle()) { shrinker->read(frame);
//                 session.submit_and_wait(job, shrinker); }
//
// No frame is kept here, only what the shrinker read of it and the picture that the model reads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "image/image_view.h"
#include "plugin/engine_handle.h"
#include "plugin/frame_shrink.h"
#include "plugin/retry_pause.h"

namespace jetsoncaption {

// The frame to describe. Times are nanoseconds as in GStreamer, and all bits set means none.
struct CaptionJob {
  uint64_t frame = 0;  // counted from 0 since the element started
  uint64_t timestamp = 0;
  uint64_t stream_time = 0;
  uint64_t running_time = 0;
  EngineRequest request;
};

// A caption and the frame it describes. Never changes once it is published.
struct FrameCaption {
  EngineCaption caption;
  CaptionJob job;
  std::string model;
  bool changed = false;  // the text differs from the caption before
};

struct CaptionFailure {
  Error error;
  uint64_t frame = 0;
  std::chrono::seconds pause{0};  // until it is tried (live) or reported (every-frame) again
};

// What a session tells. Called without a lock: by the session's thread for submit(), by the
// calling thread for submit_and_wait(), so that there what a frame causes comes before the frame.
struct CaptionEvents {
  std::function<void(const FrameCaption&)> captioned;
  std::function<void(const CaptionFailure&)> failed;
};

class CaptionSession {
 public:
  CaptionSession(std::unique_ptr<EngineHandle> engine, CaptionEvents events);

  // Like shut_down().
  ~CaptionSession();

  CaptionSession(const CaptionSession&) = delete;
  CaptionSession& operator=(const CaptionSession&) = delete;

  // Any thread. The size of the picture that the model reads.
  int input_width() const { return picture_.width; }
  int input_height() const { return picture_.height; }

  // Streaming thread. False while a frame is being described and during the pause after a failure.
  // Never waits. While it is true, no shrinker is in use here.
  bool is_idle();

  // Streaming thread. Waits for a frame that is being described. False when flushing or shut down.
  bool wait_until_idle();

  // Streaming thread, when idle. Takes over the shrinker, which has read the frame and makes
  // pictures of the input size, until idle again. Never waits.
  void submit(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker);

  // The same, but returns when the frame was described or that failed (true), or was interrupted
  // by set_flushing() or interrupt() (false).
  bool submit_and_wait(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker);

  // Any thread. The newest caption; null before the first one and after a flush.
  std::shared_ptr<const FrameCaption> newest() const;

  // Any thread. Changes with each flush.
  uint64_t epoch() const;

  // Any thread; never waits. The session's thread trims the engine and the C library's memory
  // before its next frame.
  void request_trim();

  // Any thread; never waits. While flushing, waits are cut short. Captions of frames that came
  // before are forgotten, for they describe another place in the stream.
  void set_flushing(bool flushing);

  // Any thread; never waits. Ends all waits for good. Comes before stopping the streaming thread.
  void interrupt();

  // Not from the session's thread. Stops describing, if need be in the middle of a caption, and
  // ends the thread.
  void shut_down();

  // Any thread; never waits. What the engine held on the accelerator after the newest caption.
  uint64_t device_memory_bytes() const { return device_memory_bytes_; }

 private:
  enum class Phase {
    Idle,
    Waiting,  // a frame was submitted; its shrinker belongs to the session's thread from here on
    Running,  // it is being described
  };

  // What became of a job. At most one of both is set; neither when it was cancelled.
  struct Outcome {
    std::shared_ptr<const FrameCaption> caption;
    std::optional<CaptionFailure> failure;
  };

  void run();
  bool start(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker, bool waited_for);
  void guarded_describe(const CaptionJob& job, FrameShrinker& shrinker, uint64_t epoch,
                        bool waited_for);
  void describe(const CaptionJob& job, FrameShrinker& shrinker, uint64_t epoch, bool waited_for);
  Outcome settle(const CaptionJob& job, Result<EngineCaption> result);  // with mutex_ held
  bool forget_job();  // with mutex_ held; true when the engine is to be cancelled
  void tell(const Outcome& outcome) const;

  const std::unique_ptr<EngineHandle> engine_;
  const CaptionEvents events_;
  const std::string model_name_;
  Image picture_;  // of the session's thread; its size never changes
  std::atomic<uint64_t> device_memory_bytes_;

  mutable std::mutex mutex_;  // of all below; never held while the engine or an event runs
  std::condition_variable wake_worker_;
  std::condition_variable wake_streaming_;
  Phase phase_ = Phase::Idle;
  CaptionJob job_;
  std::shared_ptr<FrameShrinker> shrinker_;  // has read the frame of job_; null when idle
  bool waited_for_ = false;                  // the streaming thread waits for job_
  bool trim_requested_ = false;
  bool flushing_ = false;
  bool interrupted_ = false;
  bool stopping_ = false;
  bool worker_ended_ = false;
  uint64_t epoch_ = 0;  // counts flushes; what was begun in an older one is forgotten
  Outcome waited_outcome_;
  RetryPause pause_;
  std::shared_ptr<const FrameCaption> newest_;

  std::thread worker_;  // last: it uses everything above
};

}  // namespace jetsoncaption
