// SPDX-License-Identifier: LGPL-2.1-or-later
// What the session's thread does, task after task: load, read fonts, describe, trim, unload.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "plugin/session/abandoned_loads.h"
#include "plugin/session/caption_session.h"

#include <pthread.h>
#include <sys/resource.h>

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// How often a session without a model looks whether the pause after a failed load is over.
constexpr std::chrono::milliseconds kLookAgain{100};

// A worker process that is lost so long after the one before is started again without delay.
constexpr std::chrono::seconds kForgetLoss{30};

constexpr const char* kNoMemoryToDescribe = "Memory ran out while a frame was described.";

// Threads that frames pass in come first, also where they want the processor in the middle of a
// caption. Linux has a nice value for each thread, which those that it starts inherit.
void let_others_go_first() {
  constexpr int kNicer = 5;
  errno = 0;
  const int nice_now = getpriority(PRIO_PROCESS, 0);
  if (errno == 0)
    setpriority(PRIO_PROCESS, 0, nice_now + kNicer);
}

Image make_picture(PictureSize size) {
  Image picture;
  picture.width = size.width;
  picture.height = size.height;
  picture.pixels.resize(static_cast<size_t>(picture.width) * picture.height * 3);
  return picture;
}

// A sentence that a limit ended is not shown as if it were whole.
std::string shown_text(const CaptionBuffer& caption) {
  const std::string text = caption.meta().text;
  return caption.is_truncated() ? text + "\u2026" : text;
}

}  // namespace

void CaptionSession::run() {
  pthread_setname_np(pthread_self(), "jetsoncaption");
  let_others_go_first();
  for (Task task = Task::Load; task != Task::End; task = wait_for_task())
    perform(task);
  std::unique_lock<std::mutex> lock(mutex_);
  std::unique_ptr<EngineHandle> engine = std::move(engine_);
  lock.unlock();
  do_what_may_be_left([&engine] { engine.reset(); });
  lock.lock();
  const bool is_abandoned = is_abandoned_;
  worker_ended_ = true;
  lock.unlock();
  wake_streaming_.notify_all();
  if (is_abandoned)
    end_abandoned_load();
}

// What takes long and cannot be interrupted, and may go on after the session was shut down.
template <typename Work>
void CaptionSession::do_what_may_be_left(Work&& work) {
  class Leave {
   public:
    explicit Leave(CaptionSession& session) : session_(session) { set(true); }
    ~Leave() { set(false); }
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;

   private:
    void set(bool may_be_left) {
      {
        std::lock_guard<std::mutex> lock(session_.mutex_);
        session_.may_be_left_ = may_be_left;
      }
      session_.wake_streaming_.notify_all();
    }
    CaptionSession& session_;
  };
  const Leave leave(*this);
  work();
}

CaptionSession::Task CaptionSession::wait_for_task() {
  std::unique_lock<std::mutex> lock(mutex_);
  std::optional<Task> task;
  while (!(task = next_task())) {
    if (phase_ == Phase::Unloaded)
      wake_worker_.wait_for(lock, kLookAgain);
    else
      wake_worker_.wait(lock);
  }
  if (*task == Task::Load)
    phase_ = Phase::Loading;
  if (*task == Task::Describe) {
    phase_ = Phase::Running;
    running_epoch_ = epoch_;
  }
  return *task;
}

// With mutex_ held.
std::optional<CaptionSession::Task> CaptionSession::next_task() const {
  if (stopping_)
    return Task::End;
  if (trim_requested_)
    return Task::Trim;
  if (fonts_requested_ && !has_fonts_)
    return Task::LoadFonts;
  if (next_model_ && engine_)
    return Task::ChangeModel;
  if (phase_ == Phase::Unloaded && hold_ != MemoryHold::Unload &&
      load_pause_.is_over(Clock::now()) && lost_pause_.is_over(Clock::now()))
    return Task::Load;
  if (phase_ == Phase::Idle && hold_ == MemoryHold::Unload)
    return Task::Unload;
  if (phase_ == Phase::Waiting)
    return hold_ == MemoryHold::Unload ? Task::Unload : Task::Describe;
  return std::nullopt;
}

// The last net: an exception, from whatever does not fit in memory, would end the process.
void CaptionSession::perform(Task task) {
  try {
    switch (task) {
      case Task::Load:
        return load();
      case Task::ChangeModel:
        return change_model();
      case Task::Trim:
        return trim();
      case Task::Unload:
        return unload();
      case Task::LoadFonts:
        return load_fonts();
      case Task::Describe:
        return describe();
      case Task::End:
        return;
    }
  } catch (...) {
    recover();
  }
}

// The step that was begun has failed, and those that wait for it go on.
void CaptionSession::recover() {
  bool is_broken = false;
  Outcome outcome;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (phase_ == Phase::Running) {
      phase_ = Phase::Idle;
      outcome = settle_failure();
      if (waited_for_)
        std::swap(outcome, waited_outcome_);
    } else if (phase_ == Phase::Loading) {
      phase_ = first_load_ ? Phase::Broken : Phase::Unloaded;
      load_pause_.failed(Clock::now());
    }
    is_broken = phase_ == Phase::Broken && !stopping_;
  }
  wake_streaming_.notify_all();
  try {
    tell(outcome);
    if (is_broken)
      listener_.load_failed({ErrorKind::OutOfMemory, "Memory ran out while the model was loaded."},
                            true);
  } catch (...) {
    return;  // there is not even memory to say so; the stream ends with an error of its own
  }
}

// With mutex_ held. Without memory even for the words it is only counted.
CaptionSession::Outcome CaptionSession::settle_failure() noexcept {
  try {
    if (!stopping_ && running_epoch_ == epoch_)
      return settle(job_, Error{ErrorKind::OutOfMemory, kNoMemoryToDescribe});
  } catch (...) {
  }
  return {};
}

bool CaptionSession::has_been_stopped() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

// What is told comes first: whoever is let go on afterwards can rely on it.
void CaptionSession::load() {
  if (std::exchange(is_lost_, false))
    statistics_.restarted();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (next_model_)
      load_engine_ = std::exchange(next_model_, nullptr);
  }
  listener_.load_started();
  Result<std::unique_ptr<EngineHandle>> loaded = guarded_load(load_engine_);
  if (has_been_stopped())
    return;  // the listener may be gone
  EngineInfo info;
  const bool is_lost = !loaded.ok() && loaded.error().kind == ErrorKind::Lost;
  if (loaded.ok()) {
    info = loaded.value()->info();
    picture_ = make_picture({info.input_width, info.input_height});
    note_memory(info);
    listener_.load_finished(info, first_load_);
    tell_of_move(info);
  } else {
    listener_.load_failed(loaded.error(), first_load_);
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (loaded.ok()) {
      engine_ = std::move(loaded.value());
      engine_info_ = std::move(info);
      phase_ = Phase::Idle;
      load_pause_.succeeded(Clock::now());
    } else if (is_lost) {
      phase_ = Phase::Unloaded;
      note_loss();
    } else {
      phase_ = first_load_ ? Phase::Broken : Phase::Unloaded;
      load_pause_.failed(Clock::now());
    }
    first_load_ = first_load_ && is_lost;
  }
  wake_streaming_.notify_all();
}

// Frames may be submitted meanwhile, and go to the model that is there in the end.
void CaptionSession::change_model() {
  EngineLoader load_engine;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    load_engine = std::exchange(next_model_, nullptr);
  }
  listener_.load_started();
  Result<std::unique_ptr<EngineHandle>> loaded = guarded_load(load_engine);
  if (has_been_stopped())
    return;  // the listener may be gone
  EngineInfo info;
  if (loaded.ok())
    info = loaded.value()->info();
  if (info.self_test == JETSONCAPTION_ENGINE_SELF_TEST_FAILED)
    do_what_may_be_left([&] {
      loaded = Error{ErrorKind::CorruptModel, std::move(info.self_test_failure)};
    });
  if (has_been_stopped())
    return;
  if (!loaded.ok()) {
    listener_.model_kept(loaded.error());
    return;
  }
  note_memory(info);
  listener_.load_finished(info, false);
  move_told_ = false;
  tell_of_move(info);
  std::unique_ptr<EngineHandle> before = std::move(loaded.value());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    std::swap(engine_, before);
    engine_info_ = std::move(info);
    load_engine_ = std::move(load_engine);
    caption_pause_ = {};  // failures of the model before say nothing of this one
  }
  do_what_may_be_left([&before] { before.reset(); });
}

Result<std::unique_ptr<EngineHandle>> CaptionSession::guarded_load(
    const EngineLoader& load_engine) {
  Result<std::unique_ptr<EngineHandle>> loaded =
      Error{ErrorKind::Internal, "The model could not be loaded."};
  try {
    do_what_may_be_left([&] {
      const auto is_stopped = [this] { return has_been_stopped(); };
      wait_for_abandoned_loads(is_stopped);
      if (!is_stopped())
        loaded = load_engine(is_stopped);
    });
  } catch (const std::bad_alloc&) {
    loaded = Error{ErrorKind::OutOfMemory, "Memory ran out while the model was loaded."};
  } catch (const std::exception& e) {
    loaded = Error{ErrorKind::Internal, std::string("The model could not be loaded: ") + e.what()};
  }
  return loaded;
}

void CaptionSession::trim() {
  EngineHandle* engine = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    trim_requested_ = false;
    engine = engine_.get();
  }
  if (engine != nullptr)
    do_what_may_be_left([engine] { engine->trim_memory(); });
}

void CaptionSession::unload() {
  std::unique_ptr<EngineHandle> engine;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::Unloaded;
    shrinker_.reset();
    engine = std::move(engine_);
    engine_info_.worker_pid = 0;
  }
  wake_streaming_.notify_all();
  do_what_may_be_left([&engine] { engine.reset(); });
  note_memory({});
  // Memory may rise again as soon as the model is back: not at once, and later each time.
  std::lock_guard<std::mutex> lock(mutex_);
  load_pause_.failed(Clock::now());
}

// Reading the system's fonts takes long, and is done once in a process.
void CaptionSession::load_fonts() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    fonts_requested_ = false;
  }
  do_what_may_be_left([this] { renderer_.render("a", {320, 240}, OverlayStyle()); });
  has_fonts_ = true;
}

void CaptionSession::describe() {
  CaptionJob job;
  std::shared_ptr<FrameShrinker> shrinker;
  uint64_t epoch = 0;
  bool waited_for = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job = job_;
    job.request.number = running_epoch_;
    shrinker = std::move(shrinker_);
    epoch = running_epoch_;
    waited_for = waited_for_;
  }
  Result<std::shared_ptr<FrameCaption>> result = guarded_caption(job, std::move(shrinker));
  if (!has_been_stopped())  // else the listener may be gone
    look_at_engine();
  Outcome outcome;
  std::unique_ptr<EngineHandle> lost;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::Idle;
    if (!result.ok() && result.error().kind == ErrorKind::Lost)
      lost = lose_engine();
    if (epoch == epoch_)  // else flushed or stopped meanwhile, and nothing is told
      outcome = settle(job, std::move(result));
    if (waited_for)
      std::swap(outcome, waited_outcome_);
  }
  wake_streaming_.notify_all();
  // After the session is idle again: a slow listener delays captions, but it holds up no frame.
  if (!waited_for)
    tell(outcome);
  if (lost)
    do_what_may_be_left([&lost] { lost.reset(); });
}

// With mutex_ held. The engine's process has ended; the caller gives up what is left.
std::unique_ptr<EngineHandle> CaptionSession::lose_engine() {
  phase_ = Phase::Unloaded;
  engine_info_.worker_pid = 0;
  worker_pid_ = 0;
  note_loss();
  return std::move(engine_);
}

// With mutex_ held.
void CaptionSession::note_loss() {
  const Clock::time_point now = Clock::now();
  if (now - lost_at_ >= kForgetLoss)
    lost_pause_.succeeded(now);
  lost_pause_.failed(now);
  lost_at_ = now;
  is_lost_ = true;
}

// What may have changed while a frame was described.
void CaptionSession::look_at_engine() {
  const EngineInfo info = engine_->info();
  note_memory(info);
  if (info.device_fallback.empty() || move_told_)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    engine_info_ = info;
  }
  tell_of_move(info);
}

void CaptionSession::note_memory(const EngineInfo& info) {
  device_memory_bytes_ = info.device_memory_bytes;
  worker_pid_ = info.worker_pid;
}

// A model that is given up because of memory may be moved again when it is back: that is no news.
void CaptionSession::tell_of_move(const EngineInfo& info) {
  if (!info.device_fallback.empty() && !std::exchange(move_told_, true))
    listener_.moved_to_cpu(info);
}

// An exception must not end the thread, and the process with it: this caption fails instead.
Result<std::shared_ptr<FrameCaption>> CaptionSession::guarded_caption(
    const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker) {
  try {
    const PictureSize size = shrinker->picture_size();  // of the model before, if it was changed
    if (size.width != picture_.width || size.height != picture_.height)
      picture_ = make_picture(size);
    shrinker->finish(picture_.pixels.data());
    shrinker.reset();  // what follows may outlive its frames
    Result<CaptionBuffer> caption = Error{ErrorKind::Cancelled, "The element was stopped."};
    do_what_may_be_left([&] {
      if (!has_been_stopped())
        caption = engine_->describe(picture_.view(), job.request);
    });
    if (!caption.ok())
      return caption.error();
    return finish_caption(job, std::move(caption.value()));
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory, kNoMemoryToDescribe};
  } catch (const std::exception& e) {
    return Error{ErrorKind::Internal, std::string("The frame could not be described: ") + e.what()};
  }
}

// Draws the caption too, so that the streaming thread need not.
std::shared_ptr<FrameCaption> CaptionSession::finish_caption(const CaptionJob& job,
                                                             CaptionBuffer caption) {
  auto finished = std::make_shared<FrameCaption>();
  finished->caption = std::move(caption);
  finished->caption.set_frame(job.frame, job.timestamp);
  finished->job = job;
  finished->model = engine_info_.model_name;
  finished->shown_text = shown_text(finished->caption);
  if (job.is_drawn && has_fonts_)
    finished->drawn = DrawnCaption::make(renderer_, finished->shown_text, job.info, job.style);
  return finished;
}

// With mutex_ held.
CaptionSession::Outcome CaptionSession::settle(const CaptionJob& job,
                                               Result<std::shared_ptr<FrameCaption>> result) {
  const Clock::time_point now = Clock::now();
  Outcome outcome;
  if (result.ok()) {
    caption_pause_.succeeded(now);
    const auto& caption = result.value();
    caption->changed = newest_ == nullptr || std::strcmp(caption->text(), newest_->text()) != 0;
    statistics_.captioned(caption->inference_ms());
    newest_ = caption;
    outcome.caption = caption;
  } else if (result.error().kind == ErrorKind::Lost) {
    statistics_.failed();
    outcome.failure = CaptionFailure{result.error(), job.frame, lost_pause_.length()};
  } else if (result.error().kind != ErrorKind::Cancelled) {
    statistics_.failed();
    if (caption_pause_.is_over(now)) {
      caption_pause_.failed(now);
      outcome.failure = CaptionFailure{result.error(), job.frame, caption_pause_.length()};
    }
  }
  return outcome;
}

void CaptionSession::tell(const Outcome& outcome) const {
  if (outcome.caption)
    listener_.captioned(*outcome.caption);
  if (outcome.failure)
    listener_.caption_failed(*outcome.failure);
}

}  // namespace jetsoncaption
