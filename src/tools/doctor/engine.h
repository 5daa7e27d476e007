// SPDX-License-Identifier: LGPL-2.1-or-later
// What jetsoncaption-engine-probe found out about the engine and the model.
#pragma once

#include <cstdint>
#include <string>

#include "tools/child_process.h"

namespace jetsoncaption {

struct EngineFacts {
  std::string path;         // of the engine that was opened; empty: it was not
  std::string open_error;   // a sentence with the remedy
  bool was_loaded = false;  // the model
  std::string load_error;   // a sentence; empty also when no model was asked for
  std::string model;
  std::string precision;
  std::string kernels;
  std::string version;  // "LibTorch 1.13.1"
  unsigned threads = 0;
  int self_test = 0;  // JetsonCaptionEngineSelfTest
  std::string self_test_failure;
  std::string device_fallback;  // a sentence; empty unless the memory of the GPU ran out
  uint64_t used_mb = 0;         // by a process that has loaded the model and nothing else
};

// `kind`: "int8" or "torch", as in the name of the engine's file. `model`: a bundle directory, or
// "" to open the engine only. With LibTorch it takes about two seconds. Never fails: what goes
// wrong is among the facts.
EngineFacts probe_engine(const char* kind, const std::string& model);

// What the probe printed, and how it ended. `model` says whether it was to load one.
EngineFacts read_probe(const ChildResult& probe, const std::string& model);

}  // namespace jetsoncaption
