// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads the model and describes frames one after the other, on a thread of its own, from start to
// stop.
//
// When it is its turn, the streaming thread lets a FrameShrinker read the frame and hands it over.
// In live mode it goes on at once; in every-frame mode it waits for the caption of this frame:
//
//   live:         if (session.turn() == Turn::Yes) { shrinker->read(frame);
//                 session.submit(job, shrinker); }
//   every frame:  if (session.wait_for_turn() == Turn::Yes) { shrinker->read(frame);
//                 session.submit_and_wait(job, shrinker); }
//
// No frame is kept here, only what the shrinker read of it and the picture that the model reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/condition.h"
#include "base/result.h"
#include "image/image_view.h"
#include "plugin/frames/frame_shrink.h"
#include "plugin/session/caption_listener.h"
#include "plugin/session/caption_statistics.h"
#include "plugin/session/captions_in_use.h"
#include "plugin/session/frame_caption.h"
#include "plugin/session/retry_pause.h"
#include "plugin/session/shared_engine.h"
#include "plugin/session/shared_renderer.h"
#include "plugin/session/silence_watch.h"
#include "plugin/session/worker_losses.h"

namespace jetsoncaption {

// Whether a frame can be described now.
enum class Turn {
  Yes,          // and no shrinker is in use by the session
  Busy,         // the model is being loaded, or describes a frame
  NotNow,       // in the pause after a failure, or held because of memory
  Interrupted,  // flushing, or stopping
  Broken,       // the model could not be loaded; the listener was told why
};

// What memory asks of the session.
enum class MemoryHold {
  None,
  Pause,   // describe nothing
  Unload,  // and keep no model
};

// What a session does at the moment, for `stats`.
enum class SessionState { Loading, Ready, Paused, Unloaded, Failed };

class CaptionSession : public std::enable_shared_from_this<CaptionSession> {
 public:
  // Finds, opens and loads. `is_stopped`, from any thread, says that nobody wants the result.
  using EngineLoader =
      std::function<Result<std::unique_ptr<EngineShare>>(const std::function<bool()>& is_stopped)>;

  struct EngineLoaders {
    EngineLoader wanted;
    // When the worker process has ended again and again: with what is least likely to end it. Null:
    // there is nothing more modest.
    EngineLoader modest;
  };

  // Begins to load at once. `load` is called by the session's thread, again after each unload; it
  // owns what it needs, for it may still run after the session was shut down. The listener is
  // borrowed until then. `draws`: captions will be drawn, so that fonts are loaded too.
  static std::shared_ptr<CaptionSession> start(EngineLoaders load, CaptionListener& listener,
                                               bool draws);

  // After shut_down().
  ~CaptionSession();

  CaptionSession(const CaptionSession&) = delete;
  CaptionSession& operator=(const CaptionSession&) = delete;

  // Streaming thread. Never waits. A frame that waits because others use the engine gives way to
  // this one when it is no longer fresh.
  Turn turn();

  // Streaming thread. Waits for a model that is being loaded and for a frame that is being
  // described. Never Busy, and NotNow only while there is no model or memory holds captions back: a
  // pause after a caption that failed is no reason to leave a frame out.
  Turn wait_for_turn();

  // Any thread. What the model is like that was loaded last, and where it computes; empty before.
  EngineInfo engine_info() const;

  // Streaming thread, at its turn. The pictures that the model reads; the same until its next turn.
  PictureSize picture_size() const;

  // Streaming thread, at its turn. Takes over the shrinker, which has read the frame and makes
  // pictures of the input size, until the next turn. Never waits.
  void submit(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker);

  // The same, but returns when the frame was described or that failed (true), or was interrupted
  // by set_flushing() or interrupt() (false).
  bool submit_and_wait(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker);

  // Any thread. The newest caption; null before the first one and after a flush or forget().
  std::shared_ptr<const FrameCaption> newest() const;

  // Any thread. Changes with each flush and forget().
  uint64_t epoch() const;

  // Any thread.
  SessionState state() const;
  CaptionStatistics& statistics() { return statistics_; }

  // Any thread; never waits. The session's thread trims the engine before its next frame.
  void request_trim();

  // Any thread; never waits. Another model is loaded beside the one that describes, and takes its
  // place between two captions; when it cannot be loaded, or fails its self-test, the one before
  // is kept, and the listener told. Frames of wait_for_turn() wait meanwhile.
  void change_model(EngineLoaders load);

  // Any thread; never waits. A frame that is being described is finished first.
  void set_memory_hold(MemoryHold hold);

  // Any thread; never waits. Captions of frames that came before are forgotten, and one that is
  // being made is cancelled: the stream shows something else from here on.
  void forget();

  // Any thread; never waits. Whether captions can be drawn at once. If not, the session's thread
  // loads the fonts for it.
  bool prepare_drawing();

  // Any thread; never waits. While flushing, waits are cut short. Captions of frames that came
  // before are forgotten.
  void set_flushing(bool flushing);

  // Any thread; never waits. Ends all waits for good. Comes before stopping the streaming thread.
  void interrupt();

  // Any thread, not after shut_down(). Whether it is the session's, as in a call of the listener.
  bool is_in_its_thread() const { return worker_.get_id() == std::this_thread::get_id(); }

  // Not from the session's thread. Stops describing, if need be in the middle of a caption, and
  // ends the thread. One that loads a model or fonts, computes what cannot be cancelled, trims or
  // gives a model up is not waited for longer than a moment, but left alone: it gives up what it
  // has, tells nobody, and ends.
  // Afterwards the listener is not called any more. True if a load had been told of as started, and
  // not of its end.
  bool shut_down();

  // Any thread; never waits. What the engine held on the accelerator after the newest caption.
  uint64_t device_memory_bytes() const { return device_memory_bytes_; }

  // Any thread; never waits. Why a more modest engine than the wanted one makes captions, or is to
  // make them: a sentence; else "".
  std::string worker_fallback() const;

  // Any thread; never waits. Elements that have the engine, this one included; 0 without one.
  unsigned engine_users() const;

  // Any thread; never waits. The worker process; 0 without one.
  unsigned worker_pid() const { return worker_pid_; }

 private:
  enum class Phase {
    Loading,
    Idle,
    Waiting,  // a frame was submitted
    Running,  // it is being described; its shrinker belongs to the session's thread
    Unloaded,
    Broken,
  };

  // What the session's thread does next.
  enum class Task { Load, ChangeModel, Trim, Unload, LoadFonts, Describe, End };

  // What became of a job. At most one of both is set; neither when it was cancelled.
  struct Outcome {
    std::shared_ptr<const FrameCaption> caption;
    std::optional<CaptionFailure> failure;
  };

  // While the session's thread does what takes long and cannot be interrupted, and may go on after
  // the session was shut down.
  class MayBeLeft {
   public:
    explicit MayBeLeft(CaptionSession& session);
    ~MayBeLeft();
    MayBeLeft(const MayBeLeft&) = delete;
    MayBeLeft& operator=(const MayBeLeft&) = delete;

   private:
    void set(bool may_be_left);
    CaptionSession& session_;
  };

  bool is_busy() const;
  Turn current_turn();
  void wait_while_busy(std::unique_lock<std::mutex>& lock);
  std::optional<Overdue> note_overdue();
  bool start(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker, bool waited_for);
  void cancel_running();
  void forget_job();

  CaptionSession(EngineLoaders load, CaptionListener& listener, bool draws);

  void run();
  Task wait_for_task();
  std::optional<Task> next_task() const;
  void perform(Task task);
  void recover();
  void load();
  Result<std::unique_ptr<EngineShare>> guarded_load(const EngineLoader& load_engine);
  void refuse_untrue(Result<std::unique_ptr<EngineShare>>& loaded);
  void keep_model(const Error& error);
  void give_up_loaded(Result<std::unique_ptr<EngineShare>> loaded);
  void change_model();
  void end_change();
  bool has_been_stopped() const;
  void trim();
  void unload();
  void give_up(std::unique_ptr<EngineShare> engine);
  void make_picture(PictureSize size);
  void load_fonts();
  void describe();
  bool take_frame(uint64_t turn);
  void look_at_engine();
  void note_memory(const EngineInfo& info);
  std::unique_ptr<EngineShare> lose_engine(const Error& error);
  void note_loss(const Error& error, std::chrono::steady_clock::duration ready_for);
  void be_modest_after_losses();
  bool wants_another_model() const;
  void want_model(EngineLoaders load);
  void tell_of_move(const EngineInfo& info);
  Result<std::shared_ptr<FrameCaption>> guarded_caption(const CaptionJob& job,
                                                        std::shared_ptr<FrameShrinker> shrinker,
                                                        EngineTurn& turn);
  std::shared_ptr<FrameCaption> finish_caption(const CaptionJob& job, CaptionBuffer caption);
  std::shared_ptr<const DrawnCaption> draw(const std::string& text, const CaptionJob& job);
  Outcome settle(const CaptionJob& job, Result<std::shared_ptr<FrameCaption>> result);
  Outcome settle_failure() noexcept;
  void tell(const Outcome& outcome) const;

  // Of the session's thread.
  EngineLoaders load_engine_;
  std::optional<EngineLoaders>
      model_before_;  // while another one takes its place for the first time

  CaptionListener& listener_;  // not after shut_down()
  CaptionStatistics statistics_;
  std::atomic<uint64_t> device_memory_bytes_{0};
  std::atomic<unsigned> worker_pid_{0};
  std::atomic<bool> has_fonts_{false};
  std::atomic<bool> is_loading_{false};  // and the listener was told so

  // Of the session's thread.
  Image picture_;
  CaptionsInUse captions_in_use_;
  std::shared_ptr<SharedRenderer> renderer_ = SharedRenderer::get();
  bool move_told_ = false;
  bool first_load_ = true;
  bool is_lost_ = false;  // the worker process has ended, and none is started yet

  mutable std::mutex
      mutex_;  // of all below; never held while the engine works or the listener is told
  Condition wake_worker_;
  Condition wake_streaming_;
  std::unique_ptr<EngineShare> engine_;  // changed by the session's thread only
  EngineInfo engine_info_;
  Phase phase_ = Phase::Loading;
  MemoryHold hold_ = MemoryHold::None;
  CaptionJob job_;
  std::shared_ptr<FrameShrinker> shrinker_;  // has read the frame of job_; null when there is none
  // Others use the engine, or another one is loaded: a newer frame may take the place of job_.
  bool is_queueing_ = false;
  bool is_renewing_ = false;  // it is about to
  bool waited_for_ = false;   // the streaming thread waits for job_
  SilenceWatch silence_;
  std::optional<EngineLoaders> next_model_;  // that was asked for
  bool trim_requested_ = false;
  bool fonts_requested_ = false;
  bool flushing_ = false;
  bool interrupted_ = false;
  bool stopping_ = false;
  bool may_be_left_ = false;   // what the session's thread does concerns nobody but the session
  bool is_abandoned_ = false;  // shut_down() did not wait for that
  bool worker_ended_ = false;
  uint64_t epoch_ =
      0;  // counts flushes and new streams; what was begun in an older one is forgotten
  uint64_t running_epoch_ = 0;  // of the caption that is made
  uint64_t running_turn_ = 0;
  Outcome waited_outcome_;
  RetryPause caption_pause_;
  RetryPause load_pause_;
  RetryPause::TimePoint loaded_at_;
  bool has_captioned_ = false;  // since then
  WorkerLosses losses_;
  std::string lost_cause_;  // of the last one
  bool is_modest_ = false;  // the modest loader is used
  std::shared_ptr<const FrameCaption> newest_;

  std::thread worker_;  // last: it uses everything above
};

}  // namespace jetsoncaption
