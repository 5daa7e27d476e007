// SPDX-License-Identifier: LGPL-2.1-or-later
// The structure that the property `stats` gives.
#include "plugin/stats.h"

#include <string>

#include "plugin/messages.h"

namespace jetsoncaption {

namespace {

const char* state_name(CaptionSession* session) {
  if (session == nullptr)
    return "stopped";
  switch (session->state()) {
    case SessionState::Loading:
      return "loading";
    case SessionState::Ready:
      return "ready";
    case SessionState::Paused:
      return "paused";
    case SessionState::Unloaded:
      return "unloaded";
    case SessionState::Failed:
      return "failed";
  }
  return "";
}

const char* self_test_name(int self_test) {
  switch (self_test) {
    case JETSONCAPTION_ENGINE_SELF_TEST_PASSED:
      return "passed";
    case JETSONCAPTION_ENGINE_SELF_TEST_FAILED:
      return "failed";
    default:
      return "absent";
  }
}

}  // namespace

GstStructure* make_stats(CaptionSession* session, const LiveValues& values) {
  CaptionCounts counts;
  EngineInfo engine;
  unsigned users = 0;
  std::string worker_fallback;
  if (session != nullptr) {
    users = session->engine_users();
    worker_fallback = session->worker_fallback();
    counts = session->statistics().counts();
    engine = session->engine_info();
  }
  return gst_structure_new(
      "jetsoncaption-stats", "state", G_TYPE_STRING, state_name(session), "frames", G_TYPE_UINT64,
      static_cast<guint64>(counts.frames), "captions", G_TYPE_UINT64,
      static_cast<guint64>(counts.captions), "skipped", G_TYPE_UINT64,
      static_cast<guint64>(counts.skipped), "late", G_TYPE_UINT64,
      static_cast<guint64>(counts.late), "failures", G_TYPE_UINT64,
      static_cast<guint64>(counts.failures), "inference-ms-p50", G_TYPE_DOUBLE,
      counts.inference_ms_p50, "inference-ms-p95", G_TYPE_DOUBLE, counts.inference_ms_p95,
      "inference-ms-p99", G_TYPE_DOUBLE, counts.inference_ms_p99, "caption-age", G_TYPE_UINT64,
      static_cast<guint64>(values.caption_age_ns), "latency", G_TYPE_UINT64,
      static_cast<guint64>(values.latency_ns), "memory-mb", G_TYPE_UINT,
      values.memory_usage_mb.load(), "gpu-mb", G_TYPE_UINT, values.accelerator_mb.load(),
      "process-mb", G_TYPE_UINT, values.process_mb.load(), "private-mb", G_TYPE_UINT,
      values.private_mb.load(), "worker-mb", G_TYPE_UINT, values.worker_mb.load(), "available-mb",
      G_TYPE_UINT, values.available_mb.load(), "memory-stalled", G_TYPE_DOUBLE,
      values.stalled_percent.load(), "memory-step", G_TYPE_STRING,
      memory_step_name(values.memory_step), "model", G_TYPE_STRING, engine.model_name.c_str(),
      "device", G_TYPE_STRING, engine.device.c_str(), "precision", G_TYPE_STRING,
      engine.precision.c_str(), "kernels", G_TYPE_STRING, engine.kernels.c_str(), "engine",
      G_TYPE_STRING, engine.version.c_str(), "engine-users", G_TYPE_UINT, users, "threads",
      G_TYPE_UINT, engine.threads, "worker-pid", G_TYPE_UINT, engine.worker_pid, "worker-restarts",
      G_TYPE_UINT64, static_cast<guint64>(counts.restarts), "worker-fallbacks", G_TYPE_UINT64,
      static_cast<guint64>(counts.fallbacks), "worker-fallback", G_TYPE_STRING,
      worker_fallback.c_str(), "self-test", G_TYPE_STRING, self_test_name(engine.self_test),
      "device-fallback", G_TYPE_STRING, engine.device_fallback.c_str(), nullptr);
}

}  // namespace jetsoncaption
