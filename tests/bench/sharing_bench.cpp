// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures the memory of several 1080p30 streams in one process, each through an element of its
// own, beside that of the same streams without the element.
//
//   GST_PLUGIN_PATH=build/gst/plugin JETSONCAPTION_ENGINE=build/src/engine
//     JETSONCAPTION_WORKER=build/src/worker/jetsoncaption-worker
//     build/tests/bench/sharing_bench BUNDLE [SECONDS [PROPERTIES]]
//
// Each line is measured in a process of its own, after some seconds of streaming. "whole" is the
// proportional set size of the process and of its workers, which counts shared pages of libraries
// once for all that use them; "private" is what is theirs alone. "element" is what is more than
// without the element.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gst/gst.h>

#include "bench/process_figures.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace jetsoncaption;

namespace {

struct Memory {
  double pss_mb = 0;
  double private_mb = 0;
  guint64 captions = 0;
  guint workers = 0;
};

// Adds that of one process.
void add_memory(const std::string& pid, Memory& memory) {
  const std::string file = "/proc/" + pid + "/smaps_rollup";
  memory.pss_mb += megabytes(file, "Pss");
  memory.private_mb += megabytes(file, "Private_Clean") + megabytes(file, "Private_Dirty");
}

std::string description(int streams, const std::string& element) {
  std::string text;
  for (int i = 0; i < streams; i++)
    text +=
        "videotestsrc is-live=true pattern=ball ! "
        "video/x-raw,format=NV12,width=1920,height=1080,framerate=30/1 ! " +
        element + " fakesink sync=true ";
  return text;
}

void read_element(const GValue* item, gpointer user_data) {
  auto* element = GST_ELEMENT(g_value_get_object(item));
  auto& seen = *static_cast<std::pair<Memory, std::vector<guint>>*>(user_data);
  GstElementFactory* factory = gst_element_get_factory(element);
  if (factory == nullptr || std::strcmp(GST_OBJECT_NAME(factory), "jetsoncaption") != 0)
    return;
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  guint64 captions = 0;
  guint pid = 0;
  gst_structure_get_uint64(stats, "captions", &captions);
  gst_structure_get_uint(stats, "worker-pid", &pid);
  gst_structure_free(stats);
  seen.first.captions += captions;
  for (const guint known : seen.second)
    if (known == pid)
      return;
  if (pid != 0)
    seen.second.push_back(pid);
}

// In a process of its own.
Memory measure(int streams, const std::string& element, int seconds) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description(streams, element).c_str(), &error);
  if (pipeline == nullptr || error != nullptr) {
    std::fprintf(stderr, "%s\n", error != nullptr ? error->message : "No pipeline.");
    std::exit(2);
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  g_usleep(static_cast<gulong>(seconds) * G_USEC_PER_SEC);
  std::pair<Memory, std::vector<guint>> seen;
  GstIterator* elements = gst_bin_iterate_elements(GST_BIN(pipeline));
  gst_iterator_foreach(elements, read_element, &seen);
  gst_iterator_free(elements);
  add_memory("self", seen.first);
  for (const guint pid : seen.second)
    add_memory(std::to_string(pid), seen.first);
  seen.first.workers = static_cast<guint>(seen.second.size());
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return seen.first;
}

Memory measure_apart(int streams, const std::string& element, int seconds) {
  int ends[2];
  Memory memory;
  if (pipe(ends) != 0)
    std::exit(2);
  const pid_t child = fork();
  if (child == 0) {
    gst_init(nullptr, nullptr);
    memory = measure(streams, element, seconds);
    _exit(write(ends[1], &memory, sizeof memory) == sizeof memory ? 0 : 1);
  }
  close(ends[1]);
  if (read(ends[0], &memory, sizeof memory) != sizeof memory)
    std::exit(2);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return memory;
}

void compare(const char* isolation, const std::string& bundle, const std::string& more,
             const Memory (&without)[2], int seconds) {
  const std::string element =
      "jetsoncaption mode=live precision=int8 device=cpu isolation=" + std::string(isolation) +
      " model=" + bundle + " " + more + " !";
  Memory with[2];
  for (const int i : {0, 1}) {
    const int streams = i == 0 ? 1 : 4;
    with[i] = measure_apart(streams, element, seconds);
    std::printf(
        "isolation=%-7s  %d streams  whole %6.1f MB  private %6.1f MB  element %5.1f MB (private "
        "%5.1f)  workers %u  captions %lu\n",
        isolation, streams, with[i].pss_mb, with[i].private_mb, with[i].pss_mb - without[i].pss_mb,
        with[i].private_mb - without[i].private_mb, with[i].workers,
        static_cast<unsigned long>(with[i].captions));
  }
  std::printf(
      "isolation=%-7s  four to one: whole %.2f, private %.2f; element %.2f, private %.2f\n",
      isolation, with[1].pss_mb / with[0].pss_mb, with[1].private_mb / with[0].private_mb,
      (with[1].pss_mb - without[1].pss_mb) / (with[0].pss_mb - without[0].pss_mb),
      (with[1].private_mb - without[1].private_mb) / (with[0].private_mb - without[0].private_mb));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "Usage: sharing_bench BUNDLE [SECONDS [PROPERTIES]]\n");
    return 2;
  }
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 8;
  Memory without[2];
  for (const int i : {0, 1}) {
    without[i] = measure_apart(i == 0 ? 1 : 4, "", seconds);
    std::printf("no element         %d streams  whole %6.1f MB  private %6.1f MB\n", i == 0 ? 1 : 4,
                without[i].pss_mb, without[i].private_mb);
  }
  for (const char* isolation : {"none", "process"})
    compare(isolation, argv[1], argc > 3 ? argv[3] : "", without, seconds);
  return 0;
}
