// SPDX-License-Identifier: LGPL-2.1-or-later
// Models whose loading nobody waits for any more. The create() of an engine in this process cannot
// be interrupted, nor can its encoder, its destroy() or the reading of fonts, and a stop does not
// wait for them: the thread is left alone, and gives up what it has.
#pragma once

#include <chrono>
#include <functional>

namespace jetsoncaption {

// From any thread. One load was left alone, or one of those has ended.
void begin_abandoned_load();
void end_abandoned_load();

// Before a model is loaded in this process: waits until there is none, or `is_over` says so, which
// is asked every now and then. So however often an element is stopped and started while a model is
// loaded, no second one is loaded beside it. Half a minute at most, because an engine that hangs
// would be waited for in vain.
void wait_for_abandoned_loads(const std::function<bool()>& is_over);

// While a library of the engine is opened and a model loaded in this process, by whom ever: the
// process does not end meanwhile. One that ends already begins no more.
class LoadInLibraries {
 public:
  LoadInLibraries();
  ~LoadInLibraries();
  LoadInLibraries(const LoadInLibraries&) = delete;
  LoadInLibraries& operator=(const LoadInLibraries&) = delete;

  bool may_begin() const { return may_begin_; }

 private:
  bool may_begin_ = false;
};

// The process will not end while an abandoned load, or one in libraries, goes on, which would run
// in libraries that are ended already; it waits for half a minute at most, with all calls
// together. To be called again when a library has been opened: what is registered last is called
// first.
void finish_abandoned_loads_at_exit();

// The same before anything that is registered, if this is the main thread and that ends the
// process: what create() of an engine makes for good is registered last of all. The first call
// waits while another thread opens a library, so it comes before any is opened.
void finish_abandoned_loads_before_main_ends();

}  // namespace jetsoncaption
