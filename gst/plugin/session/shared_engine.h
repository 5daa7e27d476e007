// SPDX-License-Identifier: LGPL-2.1-or-later
// One engine for all elements of the process that want the same one: it is loaded once, they take
// turns, and it goes with the last of them.
//
//   auto share = EngineShare::join(key, load, is_stopped);
//   const EngineTurn turn(*share.value(), [] {});  // waits for those who came before
//   if (turn.number() != 0)
//     caption = share.value()->describe(image, request);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "plugin/session/engine_handle.h"

namespace jetsoncaption {

struct SharedEngine;

// What one element has of an engine. Belongs to one thread, but for what says something else.
class EngineShare {
 public:
  using Load =
      std::function<Result<std::unique_ptr<EngineHandle>>(const std::function<bool()>& is_stopped)>;

  // The engine of that key, or one that `load` makes, which is called without a lock, and told to
  // stop when nobody waits for the engine. Who comes while it is loaded waits for the same one or
  // the same error, until `is_stopped` says that nobody wants it any more: Cancelled. They ask
  // that of the first one too, from their threads, and do not wait for it longer than half a minute
  // once it has stopped: it may hang. When a worker
  // process ended meanwhile, those who come a moment later are told the same, too.
  static Result<std::unique_ptr<EngineShare>> join(const std::string& key, const Load& load,
                                                   const std::function<bool()>& is_stopped);

  // The last one gives the engine up.
  ~EngineShare();
  EngineShare(const EngineShare&) = delete;
  EngineShare& operator=(const EngineShare&) = delete;

  // At its turn. The number of the request is that of the turn. After Lost, those who join get
  // another engine.
  Result<CaptionBuffer> describe(const ImageView& image, const EngineRequest& request);
  void trim_memory();

  // Any thread. Cancels what is described in the turn of that number, whether it has begun or not,
  // and nothing of others.
  void cancel(uint64_t turn);

  // Any thread. There are no more turns, and a wait for one is over.
  void leave();

  // Any thread.
  EngineInfo info() const;
  unsigned users() const;  // elements that have this engine, this one included

 private:
  friend class EngineTurn;

  explicit EngineShare(std::shared_ptr<SharedEngine> engine);

  const std::shared_ptr<SharedEngine> engine_;
  bool has_left_ = false;  // with the lock of the engine
};

// While it exists, nobody else uses the engine. Turns are given in the order in which they were
// asked for: as each element asks for one at a time, they come round robin.
class EngineTurn {
 public:
  // Waits; `begin_to_wait` is called before, when there is somebody to wait for.
  EngineTurn(EngineShare& share, const std::function<void()>& begin_to_wait);
  ~EngineTurn() { end(); }
  EngineTurn(const EngineTurn&) = delete;
  EngineTurn& operator=(const EngineTurn&) = delete;

  // Of each engine counted from 1; 0: there is none, for the share was left.
  uint64_t number() const { return number_; }

  // Afterwards the share need not exist any more.
  void end();

 private:
  EngineShare& share_;
  bool is_queued_ = false;
  uint64_t number_ = 0;
};

}  // namespace jetsoncaption
