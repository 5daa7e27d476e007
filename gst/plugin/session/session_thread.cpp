// SPDX-License-Identifier: LGPL-2.1-or-later
// What the session's thread does, task after task: read fonts, describe, trim; what concerns the
// engine is in session_engine.cpp.
#include <chrono>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/thread_priority.h"
#include "plugin/session/abandoned_loads.h"
#include "plugin/session/caption_session.h"

#include <pthread.h>

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// How often a session without a model looks whether the pause after a failed load is over.
constexpr std::chrono::milliseconds kLookAgain{100};

// Reading a frame takes a millisecond or so; it may also fail.
constexpr std::chrono::milliseconds kLongestRenewal{10};

constexpr const char* kNoMemoryToDescribe = "Memory ran out while a frame was described.";

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
  std::unique_ptr<EngineShare> engine = std::move(engine_);
  lock.unlock();
  {
    const MayBeLeft leave(*this);
    engine.reset();
  }
  lock.lock();
  const bool is_abandoned = is_abandoned_;
  worker_ended_ = true;
  lock.unlock();
  wake_streaming_.notify_all();
  if (is_abandoned)
    end_abandoned_load();
}

CaptionSession::MayBeLeft::MayBeLeft(CaptionSession& session) : session_(session) {
  set(true);
}

CaptionSession::MayBeLeft::~MayBeLeft() {
  set(false);
}

void CaptionSession::MayBeLeft::set(bool may_be_left) {
  {
    std::lock_guard<std::mutex> lock(session_.mutex_);
    session_.may_be_left_ = may_be_left;
  }
  session_.wake_streaming_.notify_all();
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
      load_pause_.is_over(Clock::now()) && losses_.is_over(Clock::now()))
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
  bool failed_to_load = false;
  bool failed_to_change = false;
  Outcome outcome;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (phase_ == Phase::Running) {
      phase_ = Phase::Idle;
      silence_.ended();
      outcome = settle_failure();
      if (waited_for_)
        std::swap(outcome, waited_outcome_);
    }
    const bool is_told = !stopping_ && is_loading_.exchange(false);
    is_queueing_ = false;
    if (phase_ == Phase::Loading) {
      if (model_before_)
        want_model(*std::exchange(model_before_, std::nullopt));
      phase_ = Phase::Unloaded;
      load_pause_.failed(Clock::now());
      failed_to_load = is_told;
    } else {
      failed_to_change = is_told;
    }
  }
  wake_streaming_.notify_all();
  try {
    tell(outcome);
    const auto no_memory = [] {
      return Error{ErrorKind::OutOfMemory, "Memory ran out while the model was loaded."};
    };
    if (failed_to_load)
      listener_.load_failed(no_memory(), true);
    if (failed_to_change)
      listener_.model_kept(no_memory());
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

void CaptionSession::trim() {
  captions_in_use_.free_unused();
  EngineShare* engine = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    trim_requested_ = false;
    engine = engine_.get();
  }
  if (engine == nullptr)
    return;
  const MayBeLeft leave(*this);
  const EngineTurn turn(*engine, [] {});
  if (turn.number() != 0)
    engine->trim_memory();
}

// Reading the system's fonts takes long, and is done once in a process.
void CaptionSession::load_fonts() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    fonts_requested_ = false;
  }
  {
    const MayBeLeft leave(*this);
    renderer_->with([](CaptionRenderer& renderer) {
      renderer.render("a", {320, 240}, OverlayStyle());
    });
  }
  has_fonts_ = true;
}

// Others may have the engine first: what is described is the newest frame at the time when it is
// free. False: there is none any more.
bool CaptionSession::take_frame(uint64_t turn) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (phase_ != Phase::Waiting && is_renewing_)
    wake_worker_.wait_for(lock, kLongestRenewal, [this] { return !is_renewing_; });
  is_queueing_ = is_renewing_ = false;
  if (phase_ != Phase::Waiting)
    return false;
  phase_ = Phase::Running;
  running_epoch_ = epoch_;
  running_turn_ = turn;
  return true;
}

void CaptionSession::describe() {
  EngineTurn turn(*engine_, [this] {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_queueing_ = true;
  });
  if (turn.number() == 0 || !take_frame(turn.number()))
    return;
  CaptionJob job;
  std::shared_ptr<FrameShrinker> shrinker;
  uint64_t epoch = 0;
  bool waited_for = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job = job_;
    job.request.number = running_turn_;
    shrinker = std::move(shrinker_);
    epoch = running_epoch_;
    waited_for = waited_for_;
  }
  Result<std::shared_ptr<FrameCaption>> result = guarded_caption(job, std::move(shrinker), turn);
  turn.end();
  if (!has_been_stopped())  // else the listener may be gone
    look_at_engine();
  Outcome outcome;
  std::unique_ptr<EngineShare> lost;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::Idle;
    silence_.ended();
    if (!result.ok() && result.error().kind == ErrorKind::Lost)
      lost = lose_engine(result.error());
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
    give_up(std::move(lost));
}

// An exception must not end the thread, and the process with it: this caption fails instead.
Result<std::shared_ptr<FrameCaption>> CaptionSession::guarded_caption(
    const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker, EngineTurn& turn) {
  try {
    const PictureSize size = shrinker->picture_size();  // of the model before, if it was changed
    make_picture(size);
    shrinker->finish(picture_.pixels.data());
    shrinker.reset();  // what follows may outlive its frames
    Result<CaptionBuffer> caption = Error{ErrorKind::Cancelled, "The element was stopped."};
    {
      const MayBeLeft leave(*this);
      if (!has_been_stopped())
        caption = engine_->describe(picture_.view(), job.request);
    }
    turn.end();
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
  captions_in_use_.free_unused();
  if (job.is_drawn && has_fonts_)
    finished->drawn = draw(finished->shown_text, job);
  captions_in_use_.add(finished);
  return finished;
}

std::shared_ptr<const DrawnCaption> CaptionSession::draw(const std::string& text,
                                                         const CaptionJob& job) {
  auto drawn = captions_in_use_.find_drawn(text, job);
  if (drawn != nullptr)
    return drawn;
  return renderer_->with([&](CaptionRenderer& renderer) {
    return DrawnCaption::make(renderer, text, job.info, job.style, job.use);
  });
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
    has_captioned_ = true;
    silence_.captioned();
    outcome.caption = caption;
  } else if (result.error().kind == ErrorKind::Lost) {
    statistics_.failed();
    outcome.failure = CaptionFailure{result.error(), job.frame, losses_.pause()};
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
