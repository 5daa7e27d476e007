// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine that runs in a process of its own, behind the same functions as one in this process.
#pragma once

#include "base/result.h"
#include "engine/engine_choice.h"
#include "engine/engine_loader.h"

namespace jetsoncaption {

// Finds the worker program; create() of the table starts a process and lets it open the engine of
// that kind, or the int8 one after all where a GPU was to be used and the driver knows none.
// NotFound and InvalidArgument, with what to do.
//
// The table keeps what engine_api.h says, and besides:
//
// - When the process has ended, answers nonsense, or takes longer than worker_timeout_ms for a
//   caption (and is then killed), each call says LOST with how it ended and what it did. Such an
//   engine can only be destroyed; another may be created.
// - create() ends the process at once when is_cancelled() of its options says so.
// - create() may take six times worker_timeout_ms, and at least two minutes; trim_memory() as long
//   as a caption, and at most a minute. With worker_timeout_ms = 0 create() has no limit.
// - get_stats() never waits for the process, and says which it is.
Result<EngineLibrary> open_worker_engine(EngineKind kind);

}  // namespace jetsoncaption
