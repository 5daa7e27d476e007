// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of requests to the system and the heap that fail, one after the other: wherever it is, the
// element neither crashes nor hangs nor keeps anything, and says what was wrong.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "faults/fault_points.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// There when the test is built with AddressSanitizer.
extern "C" __attribute__((weak)) int __lsan_do_recoverable_leak_check();

namespace jetsoncaption {
namespace {

constexpr int kFrames = 4;
constexpr int kPatience = 60;  // seconds that a run may take; it takes less than one

// What became of a run, told by the process that it had to itself.
struct Outcome {
  int frames = 0;
  int captions = 0;
  int errors = 0;
  int descriptors_kept = 0;
  int leaks = 0;
  bool has_children = false;
  char messages[4096] = "";
};

struct Ending {
  bool ended = false;  // by itself
  int status = 0;      // of waitpid()
  Outcome outcome;
};

// What a message must say of a request that failed, in the words of the errno that fault_points.cpp
// chooses for it.
const char* cause_of(const std::string& kind) {
  static const std::map<std::string, const char*> causes = {
      {"new", "emory"},
      {"mmap", "emory"},
      {"poll", "allocate memory"},
      {"recv", "allocate memory"},
      {"recvmsg", "allocate memory"},
      {"dlopen", "cannot open shared object"},
      {"fopen", "Too many open files"},
      {"open", "Too many open files"},
      {"memfd_create", "Too many open files"},
      {"socketpair", "Too many open files"},
      {"fstat", "Input/output error"},
      {"pread", "Input/output error"},
      {"read", "Input/output error"},
      {"access", "Permission denied"},
      {"stat", "Permission denied"},
      {"lstat", "Permission denied"},
      {"posix_fallocate", "No space left"},
      {"send", "No buffer space"},
      {"sendmsg", "No buffer space"},
      {"pthread_create", "temporarily unavailable"},
      {"posix_spawn", "temporarily unavailable"}};
  const auto found = causes.find(kind);
  return found != causes.end() ? found->second : "";
}

int count_descriptors() {
  int count = 0;
  if (DIR* directory = opendir("/proc/self/fd")) {
    while (readdir(directory) != nullptr)
      ++count;
    closedir(directory);
  }
  return count;
}

template <typename T>
T* map_shared(int file) {
  void* mapped = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                      file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, file, 0);
  return mapped == MAP_FAILED ? nullptr : static_cast<T*>(mapped);
}

void note_messages(GstBus* bus, Outcome& outcome) {
  while (GstMessage* message = gst_bus_pop(bus)) {
    GError* error = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
      outcome.errors++;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
      gst_message_parse_warning(message, &error, nullptr);
    }
    if (error != nullptr) {
      const size_t used = std::strlen(outcome.messages);
      std::snprintf(outcome.messages + used, sizeof outcome.messages - used, "%s\n",
                    error->message);
    }
    g_clear_error(&error);
    gst_message_unref(message);
  }
}

// The harness ends the process where an element does not start.
void pass_frames(GstElement* element, Outcome& outcome) {
  if (gst_element_set_state(element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE) {
    gst_element_set_state(element, GST_STATE_NULL);
    return;
  }
  GstHarness* harness = gst_harness_new_with_element(element, "sink", "src");
  gst_harness_set_src_caps_str(harness, "video/x-raw,format=RGB,width=64,height=48,framerate=30/1");
  for (int i = 0; i < kFrames; ++i) {
    GstBuffer* frame = gst_harness_create_buffer(harness, size_t{64} * 48 * 3);
    gst_buffer_memset(frame, 0, static_cast<guint8>(40 * i), size_t{64} * 48 * 3);
    GST_BUFFER_PTS(frame) = static_cast<guint64>(i) * GST_SECOND / 30;
    if (gst_harness_push(harness, frame) != GST_FLOW_OK)
      break;
  }
  while (GstBuffer* frame = gst_harness_try_pull(harness)) {
    outcome.frames++;
    outcome.captions += gst_buffer_get_jetson_caption_meta(frame) != nullptr ? 1 : 0;
    gst_buffer_unref(frame);
  }
  gst_harness_teardown(harness);
}

class Faults : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    const auto written = write_tiny_bundle(directory_->path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
    const int file = open(getenv(kFaultBoardVariable), O_RDWR | O_CLOEXEC);
    board_ = map_shared<FaultBoard>(file);
    close(file);
    outcome_ = map_shared<Outcome>(-1);
    ASSERT_NE(board_, nullptr);
    ASSERT_NE(outcome_, nullptr);
    // Fonts and the plugin are there before anything fails.
    GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
    ASSERT_NE(element, nullptr);
    gst_object_unref(element);
  }
  static void TearDownTestSuite() { delete directory_; }

  // In the process of a run. Making the element is left out: GObject itself ends a process that has
  // no memory for an object.
  static void play(const char* isolation, Outcome& outcome) {
    const int descriptors = count_descriptors();
    GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
    gst_object_ref_sink(element);
    board_->is_on = true;
    GstBus* bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    gst_util_set_object_arg(G_OBJECT(element), "model", directory_->path().c_str());
    gst_util_set_object_arg(G_OBJECT(element), "mode", "every-frame");
    gst_util_set_object_arg(G_OBJECT(element), "isolation", isolation);
    gst_util_set_object_arg(G_OBJECT(element), "precision", "int8");
    gst_util_set_object_arg(G_OBJECT(element), "threads", "1");
    gst_util_set_object_arg(G_OBJECT(element), "overlay", "false");
    gst_util_set_object_arg(G_OBJECT(element), "memory-check-interval", "1");
    pass_frames(element, outcome);
    note_messages(bus, outcome);
    gst_element_set_bus(element, nullptr);
    gst_object_unref(bus);
    gst_object_unref(element);
    board_->is_on = false;
    // A load that was given up may still be on its way.
    for (int i = 0; i < 100; ++i) {
      outcome.descriptors_kept = count_descriptors() - descriptors;
      outcome.has_children = waitpid(-1, nullptr, WNOHANG) >= 0;
      if (outcome.descriptors_kept == 0 && !outcome.has_children)
        break;
      g_usleep(20'000);
    }
    if (__lsan_do_recoverable_leak_check != nullptr)
      outcome.leaks = __lsan_do_recoverable_leak_check();
  }

  static Ending run(const char* isolation) {
    Ending result;
    *outcome_ = Outcome();
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      play(isolation, *outcome_);
      _exit(0);
    }
    for (int i = 0; i < kPatience * 1000 && !result.ended; ++i) {
      result.ended = waitpid(child, &result.status, WNOHANG) == child;
      if (!result.ended)
        g_usleep(1000);
    }
    if (!result.ended) {
      kill(child, SIGABRT);
      waitpid(child, &result.status, 0);
    }
    result.outcome = *outcome_;
    return result;
  }

  static std::vector<const FaultPoint*> find_points(const char* isolation) {
    std::memset(static_cast<void*>(board_), 0, sizeof *board_);
    board_->is_recording = true;
    for (int i = 0; i < 2; ++i) {  // threads do not come to the same points each time
      const Ending good = run(isolation);
      EXPECT_TRUE(good.ended && good.status == 0 && good.outcome.captions == kFrames)
          << good.outcome.messages;
    }
    board_->is_recording = false;
    std::vector<const FaultPoint*> points;
    for (const FaultPoint& point : board_->points) {
      if (point.key != 0)
        points.push_back(&point);
    }
    return points;
  }

  // Empty when all is well.
  static std::string judge(const Ending& ending, const char* kind) {
    const Outcome& outcome = ending.outcome;
    if (!ending.ended)
      return "it hung";
    if (ending.status != 0)
      return "it crashed with status " + std::to_string(ending.status);
    if (outcome.frames != kFrames && outcome.errors == 0)
      return "frames were lost without an error";
    if (outcome.captions != kFrames && outcome.messages[0] == '\0')
      return "captions were lost without a message";
    if (outcome.captions != kFrames && std::strstr(outcome.messages, cause_of(kind)) == nullptr)
      return std::string("the message does not say: ") + cause_of(kind);
    if (outcome.descriptors_kept != 0)
      return std::to_string(outcome.descriptors_kept) + " descriptors were kept";
    if (outcome.has_children)
      return "a process was left";
    return outcome.leaks != 0 ? "memory was lost" : "";
  }

  static TemporaryDirectory* directory_;
  static FaultBoard* board_;
  static Outcome* outcome_;
};

TemporaryDirectory* Faults::directory_ = nullptr;
FaultBoard* Faults::board_ = nullptr;
Outcome* Faults::outcome_ = nullptr;

TEST_P(Faults, AreSurvivedAndNamed) {
  const auto points = find_points(GetParam());
  ASSERT_GT(points.size(), 50U);
  const char* verbose = getenv("JETSONCAPTION_FAULTS_VERBOSE");
  const char* step = getenv("JETSONCAPTION_FAULTS_STEP");  // every n-th point only
  const char* only = getenv("JETSONCAPTION_FAULTS_ONLY");  // points with this in their place
  std::map<std::string, std::pair<int, int>> counts;       // by kind: points, that failed
  for (const bool always : {false, true}) {
    for (size_t i = 0; i < points.size(); i += step != nullptr ? std::max(1, atoi(step)) : 1) {
      const FaultPoint& point = *points[i];
      if (only != nullptr && std::strstr(point.where, only) == nullptr)
        continue;
      board_->failures = 0;
      board_->fails_always = always;
      board_->target = point.key.load();
      const Ending result = run(GetParam());
      board_->target = 0;
      counts[point.kind].first++;
      counts[point.kind].second += board_->failures > 0 ? 1 : 0;
      const std::string fault = judge(result, point.kind);
      EXPECT_EQ(fault, "") << point.kind << (always ? " always" : " once") << " at " << point.where
                           << "\n"
                           << result.outcome.messages;
      if (verbose != nullptr)
        std::printf("%s %s: frames %d captions %d errors %d failures %u at %s\n  %s\n", point.kind,
                    always ? "always" : "once", result.outcome.frames, result.outcome.captions,
                    result.outcome.errors, board_->failures.load(), point.where,
                    result.outcome.messages);
    }
  }
  for (const auto& count : counts)
    std::printf("%s: %d faults, %d came to be\n", count.first.c_str(), count.second.first,
                count.second.second);
}

INSTANTIATE_TEST_SUITE_P(Isolation, Faults, testing::Values("none", "process"));

}  // namespace
}  // namespace jetsoncaption

// Starts itself anew with the board and the library that lets requests fail, for itself and for the
// worker that the element starts.
int main(int argc, char** argv) {
  using jetsoncaption::FaultBoard;
  using jetsoncaption::kFaultBoardVariable;
  if (getenv(kFaultBoardVariable) == nullptr) {
    char path[] = "/tmp/jetsoncaption-faults-XXXXXX";
    const int file = mkstemp(path);
    if (file < 0 || ftruncate(file, sizeof(FaultBoard)) != 0) {
      std::perror(path);
      return 1;
    }
    close(file);
    setenv(kFaultBoardVariable, path, 1);
    setenv("LD_PRELOAD", JETSONCAPTION_FAULT_POINTS, 1);
    execv("/proc/self/exe", argv);
    std::perror("execv");
    return 1;
  }
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  unlink(getenv(kFaultBoardVariable));
  return result;
}
