// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream for minutes or days, while everything that users do to it is done to it: caps change,
// it is sought in, the model is changed, properties are set all the time, and the worker process,
// if there is one, is ended. A line of figures each second; at the end, whether anything grew and
// any frame was lost. scripts/soak.sh runs it and draws the figures.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gst/gst.h>

#include "bench/frame_counter.h"
#include "bench/growth.h"
#include "bench/process_figures.h"

#include <sys/types.h>
#include <unistd.h>

using namespace jetsoncaption;

namespace {

// Memory goes up and down with the models, the same way every four changes.
constexpr int kModelSeconds = 23;
constexpr int kModelTurns = 4;

struct Options {
  int minutes = 1;
  std::string video;
  std::string isolation = "none";
  std::string precision = "int8";
  std::vector<std::string> models;
  std::string csv;
};

struct Sample {
  double seconds = 0;
  double resident_mb = 0;
  double proportional_mb = 0;
  double private_mb = 0;
  double worker_mb = 0;
  int descriptors = 0;
  int threads = 0;
  uint64_t frames_in = 0;
  uint64_t frames_out = 0;
  uint64_t frames_lost = 0;
  uint64_t captions = 0;
  uint64_t restarts = 0;
};

class Soak {
 public:
  // Samples have their room from the beginning, so that they do not look like growth.
  explicit Soak(Options options)
      : options_(std::move(options)), samples_(static_cast<size_t>(options_.minutes) * 60) {
    samples_.clear();
  }
  ~Soak();
  bool start();
  void run();
  bool report();

 private:
  void act(int second);
  void change_caps();
  void seek();
  void change_model();
  void end_worker(int second);
  void storm();
  void listen();
  void sample(double seconds);
  uint64_t stat(const char* field) const;
  void set(const char* property, const std::string& value) {
    gst_util_set_object_arg(G_OBJECT(captioner_), property, value.c_str());
  }

  const Options options_;
  std::mt19937 random_{1};
  std::mt19937 storm_random_{2};  // of the storm's thread
  std::atomic<int> settings_{0};  // that the storm made
  GstElement* pipeline_ = nullptr;
  GstElement* captioner_ = nullptr;
  GstElement* caps_ = nullptr;
  GstBus* bus_ = nullptr;
  FrameCounter frames_;
  std::vector<Sample> samples_;
  std::map<std::string, int> warnings_;
  std::map<std::string, int> done_;
  std::string error_;
  size_t model_ = 0;
};

Soak::~Soak() {
  if (pipeline_ != nullptr)
    gst_element_set_state(pipeline_, GST_STATE_NULL);
  for (GstElement* element : {captioner_, caps_, pipeline_}) {
    if (element != nullptr)
      gst_object_unref(element);
  }
  if (bus_ != nullptr)
    gst_object_unref(bus_);
}

bool Soak::start() {
  GError* error = nullptr;
  const std::string description = "filesrc location=\"" + options_.video +
                                  "\" ! matroskademux ! jpegdec ! videoconvert name=converter ! "
                                  "videoscale ! capsfilter name=caps "
                                  "caps=video/x-raw,format=I420,width=640,height=480 ! "
                                  "jetsoncaption name=captioner mode=live max-rate=4/1 isolation=" +
                                  options_.isolation + " precision=" + options_.precision +
                                  " model=\"" + options_.models.front() + "\" ! fakesink sync=true";
  pipeline_ = gst_parse_launch(description.c_str(), &error);
  if (error != nullptr) {
    std::fprintf(stderr, "soak: %s\n", error->message);
    g_clear_error(&error);
    return false;
  }
  captioner_ = gst_bin_get_by_name(GST_BIN(pipeline_), "captioner");
  caps_ = gst_bin_get_by_name(GST_BIN(pipeline_), "caps");
  bus_ = gst_element_get_bus(pipeline_);
  frames_.watch(captioner_);
  return gst_element_set_state(pipeline_, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

uint64_t Soak::stat(const char* field) const {
  GstStructure* stats = nullptr;
  g_object_get(captioner_, "stats", &stats, nullptr);
  guint64 wide = 0;
  guint narrow = 0;
  if (!gst_structure_get_uint64(stats, field, &wide) &&
      gst_structure_get_uint(stats, field, &narrow))
    wide = narrow;
  gst_structure_free(stats);
  return wide;
}

void Soak::change_caps() {
  static const char* const sizes[] = {
      "format=I420,width=640,height=480", "format=NV12,width=320,height=240",
      "format=RGB,width=424,height=240", "format=BGRx,width=641,height=361",
      "format=YUY2,width=1280,height=720"};
  const std::string caps = std::string("video/x-raw,") + sizes[random_() % 5];
  // By the streaming thread, between two frames: where another one changes them, a capsfilter and
  // its neighbours may meet with old caps and new ones, and end the stream, whatever is behind
  // them.
  struct Change {
    GstElement* filter;
    std::string caps;
  };
  GstElement* converter = gst_bin_get_by_name(GST_BIN(pipeline_), "converter");
  GstPad* pad = gst_element_get_static_pad(converter, "sink");
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer data) {
        const auto* change = static_cast<Change*>(data);
        gst_util_set_object_arg(G_OBJECT(change->filter), "caps", change->caps.c_str());
        return GST_PAD_PROBE_REMOVE;
      },
      new Change{caps_, caps}, [](gpointer data) { delete static_cast<Change*>(data); });
  gst_object_unref(pad);
  gst_object_unref(converter);
  done_["caps"]++;
}

void Soak::seek() {
  gint64 duration = 0;
  if (!gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration))
    return;
  const gint64 most = std::max<gint64>(duration / 2 / GST_MSECOND, 1);
  const gint64 position = static_cast<gint64>(random_() % static_cast<uint64_t>(most));
  gst_element_seek_simple(pipeline_, GST_FORMAT_TIME,
                          GstSeekFlags(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT),
                          position * static_cast<gint64>(GST_MSECOND));
  done_["seeks"]++;
}

// The last of each turn is refused.
void Soak::change_model() {
  model_++;
  set("model", model_ % kModelTurns == kModelTurns - 1
                   ? "/nonexistent"
                   : options_.models[model_ % options_.models.size()]);
  done_["models"]++;
}

void Soak::end_worker(int second) {
  static const int signals[] = {SIGKILL, SIGSEGV, SIGABRT, SIGSTOP};
  const auto pid = static_cast<pid_t>(stat("worker-pid"));
  if (pid > 0 && kill(pid, signals[second % 4]) == 0)
    done_["worker signals"]++;
}

// What an application may set at any time, from whatever thread.
void Soak::storm() {
  static const std::pair<const char*, std::vector<const char*>> values[] = {
      {"beam-size", {"1", "3", "5"}},
      {"interval", {"1", "2", "7"}},
      {"overlay", {"true", "false"}},
      {"attention", {"true", "false"}},
      {"text-color", {"0xffffffff", "0xffff0000"}},
      {"halignment", {"left", "center", "right"}},
      {"font-desc", {"Sans", "Serif Bold 20", "Mono 8"}},
      {"min-confidence", {"0", "0.3"}},
      {"hedge-below", {"0", "0.25", "0.9"}},
      {"max-words", {"3", "20", "50"}},
      {"max-rate", {"4/1", "2/1", "8/1"}},
      {"enabled", {"true", "true", "true", "false"}},
      {"memory-threshold", {"2500", "1"}}};
  const auto& property = values[storm_random_() % (sizeof values / sizeof values[0])];
  set(property.first, property.second[storm_random_() % property.second.size()]);
  settings_++;
}

void Soak::act(int second) {
  if (second % 7 == 3)
    change_caps();
  if (second % 11 == 5)
    seek();
  if (second % kModelSeconds == 13)
    change_model();
  if (options_.isolation == "process" && second % 5 == 4)
    end_worker(second / 5);
}

void Soak::listen() {
  while (GstMessage* message = gst_bus_pop(bus_)) {
    GError* error = nullptr;
    switch (GST_MESSAGE_TYPE(message)) {
      case GST_MESSAGE_WARNING:
        gst_message_parse_warning(message, &error, nullptr);
        warnings_[g_quark_to_string(error->domain) + std::string(" ") +
                  std::to_string(error->code)]++;
        break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error(message, &error, nullptr);
        // What follows from the first one says less.
        if (error_.empty())
          error_ = std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error->message;
        break;
      case GST_MESSAGE_EOS:
        seek();
        break;
      default:
        break;
    }
    g_clear_error(&error);
    gst_message_unref(message);
  }
}

void Soak::sample(double seconds) {
  Sample now;
  now.seconds = seconds;
  now.resident_mb = megabytes("/proc/self/status", "VmRSS");
  now.proportional_mb = megabytes("/proc/self/smaps_rollup", "Pss");
  now.private_mb = megabytes("/proc/self/smaps_rollup", "Private_Dirty");
  const uint64_t worker = stat("worker-pid");
  if (worker > 0)
    now.worker_mb = megabytes("/proc/" + std::to_string(worker) + "/status", "VmRSS");
  now.descriptors = entries_of("/proc/self/fd");
  now.threads = entries_of("/proc/self/task");
  now.frames_in = frames_.in();
  now.frames_out = frames_.out();
  now.frames_lost = frames_.lost();
  now.captions = stat("captions");
  now.restarts = stat("worker-restarts");
  samples_.push_back(now);
  static std::FILE* csv = nullptr;
  if (csv == nullptr && !options_.csv.empty()) {
    csv = std::fopen(options_.csv.c_str(), "w");
    if (csv == nullptr)
      return;
    std::fputs(
        "seconds,rss_mb,pss_mb,private_dirty_mb,worker_rss_mb,descriptors,threads,frames_in,"
        "frames_out,frames_lost,captions,worker_restarts\n",
        csv);
  }
  if (csv == nullptr)
    return;
  std::fprintf(csv, "%.1f,%.3f,%.3f,%.3f,%.3f,%d,%d,%llu,%llu,%llu,%llu,%llu\n", now.seconds,
               now.resident_mb, now.proportional_mb, now.private_mb, now.worker_mb, now.descriptors,
               now.threads, static_cast<unsigned long long>(now.frames_in),
               static_cast<unsigned long long>(now.frames_out),
               static_cast<unsigned long long>(now.frames_lost),
               static_cast<unsigned long long>(now.captions),
               static_cast<unsigned long long>(now.restarts));
  std::fflush(csv);
}

void Soak::run() {
  std::atomic<bool> over{false};
  // The storm has a thread of its own; what it sets is up to chance, and so is when.
  std::thread storm([this, &over] {
    while (!over) {
      this->storm();
      g_usleep(20'000);
    }
  });
  const gint64 begin = g_get_monotonic_time();
  for (int second = 0; second < options_.minutes * 60 && error_.empty(); second++) {
    const gint64 next = begin + (second + 1) * G_USEC_PER_SEC;
    act(second);
    listen();
    sample(static_cast<double>(g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
    g_usleep(static_cast<gulong>(std::max<gint64>(next - g_get_monotonic_time(), 0)));
  }
  over = true;
  storm.join();
  listen();
  gst_element_set_state(pipeline_, GST_STATE_NULL);
}

bool Soak::report() {
  // The first fifth, and at least a minute where there is more than that, warms up.
  const size_t warm =
      std::max<size_t>(samples_.size() / 5, std::min<size_t>(60, samples_.size() / 2));
  const std::vector<Sample> rest(samples_.begin() + static_cast<std::ptrdiff_t>(warm),
                                 samples_.end());
  const size_t half = rest.size() / 2;
  // What is open for a moment while a reading is made comes and goes; what leaks stays.
  const auto least = [&rest](size_t from, size_t to, int Sample::*figure) {
    int result = std::numeric_limits<int>::max();
    for (size_t i = from; i < to; i++)
      result = std::min(result, rest[i].*figure);
    return result;
  };
  const auto growth = [&rest](double Sample::*figure) {
    std::vector<Reading> readings;
    for (const Sample& sample : rest)
      readings.push_back({sample.seconds, sample.*figure});
    return growth_of(readings, kModelSeconds * kModelTurns);
  };
  const Growth memory = growth(&Sample::private_mb);
  const Growth resident = growth(&Sample::resident_mb);
  const int descriptors[] = {least(0, half, &Sample::descriptors),
                             least(half, rest.size(), &Sample::descriptors)};
  const int threads[] = {least(0, half, &Sample::threads),
                         least(half, rest.size(), &Sample::threads)};
  std::printf("minutes %d, isolation %s, precision %s\n", options_.minutes,
              options_.isolation.c_str(), options_.precision.c_str());
  std::printf(
      "frames %llu, flushed %llu, lost %llu; in the element p50 %.2f ms, p99 %.2f ms, longest %.2f "
      "ms\n",
      static_cast<unsigned long long>(frames_.in()),
      static_cast<unsigned long long>(frames_.flushed()),
      static_cast<unsigned long long>(frames_.lost()), frames_.percentile(50),
      frames_.percentile(99), frames_.percentile(100));
  if (!samples_.empty())
    std::printf("captions %llu, worker restarts %llu\n",
                static_cast<unsigned long long>(samples_.back().captions),
                static_cast<unsigned long long>(samples_.back().restarts));
  if (memory.is_known())
    std::printf("private memory %+.2f MB an hour (standard error %.2f), resident %+.2f (%.2f)\n",
                memory.an_hour, memory.error, resident.an_hour, resident.error);
  else
    std::printf("too short to say whether memory grows: that takes 11 minutes\n");
  std::printf("least descriptors %d then %d, least threads %d then %d\n", descriptors[0],
              descriptors[1], threads[0], threads[1]);
  std::printf("done: properties %d\n", settings_.load());
  for (const auto& entry : done_)
    std::printf("done: %s %d\n", entry.first.c_str(), entry.second);
  for (const auto& entry : warnings_)
    std::printf("warnings: %s %d\n", entry.first.c_str(), entry.second);

  const bool is_flat = !memory.is_seen(1);
  const bool is_constant = descriptors[1] <= descriptors[0] && threads[1] <= threads[0];
  if (!error_.empty())
    std::printf("FAILED: %s\n", error_.c_str());
  if (!is_flat)
    std::printf("FAILED: memory grows\n");
  if (!is_constant)
    std::printf("FAILED: descriptors or threads grow\n");
  if (frames_.lost() != 0)
    std::printf("FAILED: frames are lost\n");
  return error_.empty() && is_flat && is_constant && frames_.lost() == 0;
}

bool parse(int argc, char** argv, Options& options) {
  gint minutes = 1;
  gchar* video = nullptr;
  gchar* isolation = nullptr;
  gchar* precision = nullptr;
  gchar** models = nullptr;
  gchar* csv = nullptr;
  const GOptionEntry entries[] = {
      {"minutes", 0, 0, G_OPTION_ARG_INT, &minutes, "how long, 1 if not given", "N"},
      {"video", 0, 0, G_OPTION_ARG_FILENAME, &video, "Matroska with JPEG pictures", "FILE"},
      {"isolation", 0, 0, G_OPTION_ARG_STRING, &isolation, "none or process", "MODE"},
      {"precision", 0, 0, G_OPTION_ARG_STRING, &precision, "int8, fp32, ...", "NAME"},
      {"model", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &models, "a bundle; several are changed", "DIR"},
      {"csv", 0, 0, G_OPTION_ARG_FILENAME, &csv, "a line of figures each second", "FILE"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GOptionContext* context = g_option_context_new("- does to one stream what users do");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error) != FALSE;
  g_option_context_free(context);
  if (!parsed || video == nullptr || models == nullptr || minutes < 1) {
    std::fprintf(stderr, "soak: %s; see --help\n",
                 error != nullptr ? error->message : "--video and --model are needed");
    return false;
  }
  options.minutes = minutes;
  options.video = video;
  if (isolation != nullptr)
    options.isolation = isolation;
  if (precision != nullptr)
    options.precision = precision;
  for (gchar** model = models; *model != nullptr; model++)
    options.models.emplace_back(*model);
  if (csv != nullptr)
    options.csv = csv;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options))
    return 2;
  Soak soak(options);
  if (!soak.start())
    return 1;
  soak.run();
  return soak.report() ? 0 : 1;
}
