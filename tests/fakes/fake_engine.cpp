// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine without a model, for the tests of the element: scripted captions, delays, failures and
// memory use.
//
// When attention is asked for, the words are those of the text, each with a 7x7
// map of 0.01 that is 0.52 in one cell: the first for the first word, and so on. The probabilities
// are 1, 1/2, 1/3, ...
//
// The model directory is the script: "fake:" and words of the form key=value, with semicolons
// between them. Any other directory is NOT_FOUND, as with the real engine.
//
//   text=a dog         the caption; without it "average R G B", the mean color of the image, which
//                      tells which frame was described
//   hash=1             the caption is a number that differs with every pixel: "hash N"
//   request=1          the caption is what was asked for: beam size, words, time
//   tag=dog            the only tag, with the probability 0.75; without it there is none
//   count=1            the number of the caption, from 0, stands behind the text
//   count-trims=1      the caption is how often trim_memory() was called: "1 trims"
//   broken=1           a byte that is not UTF-8 stands behind the text
//   truncated=1        captions are marked truncated
//   no-attention=1     the statistics say that there are no maps of attention
//   delay-ms=N         describe() takes so long, or until cancel()
//   deaf-ms=N          describe() takes so long, whatever cancel() says
//   slow-at=N          the Nth describe(), counted from 1, takes slow-ms=N instead
//   crash-at=N         the Nth describe(), counted from 1, ends the process with SIGSEGV
//   exit-at=N          the Nth describe() ends the process with exit code 3
//   hang-at=N          the Nth describe() never returns
//   crash-unless-modest=1  describe() ends the process with SIGSEGV unless it is int8, on the CPU,
//                      with one thread
//   crash-create=1     create() ends the process with SIGSEGV
//   try=WORD           the caption is how it went to: read a file, write one, share memory by name,
//                      connect, send a datagram, run a program, make code, start a thread, ask for
//                      the status of a descriptor; and to do to the application: signal it, own its
//                      socket, pin it to a processor, limit it. "read: Operation not permitted",
//                      "write: done"
//   try-create=WORD    create() fails with UNSUPPORTED and how that went
//   hog-mb=N           describe() takes so much memory for its time
//   fail-every=N       each Nth describe() fails with INTERNAL, counted from 1
//   create-ms=N        create() takes so long
//   fail-create=KIND   create() fails: not-found, invalid, corrupt, memory, unsupported, internal
//   fail-first=N       with fail-create: the first N times in this process for this script
//   no-int8=1          create() fails with UNSUPPORTED for int8 on the CPU with one thread
//   creates=N          create() works N times in this process for this script, and then fails
//   allocate-mb=N      so much memory is used until trim_memory()
//   keep=1             trim_memory() gives nothing back
//   trim-ms=N          trim_memory() takes so long
//   destroy-ms=N       destroy() takes so long
//   self-test=WORD     the self-test has passed or failed; absent if not given
//   fallback=N         it is on "cuda" until the Nth describe(), counted from 1, and on the CPU
//   then;
//                      0: create() moves it there
//   input=N            the image is to have N x N pixels; 224 if not given
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "engine/engine_api.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

using Script = std::map<std::string, std::string>;
using std::chrono::milliseconds;

thread_local std::string error_text;

// Created and not destroyed yet.
std::atomic<int> live_engines{0};

// Captions that were begun.
std::atomic<int> begun{0};

// Threads in create().
std::atomic<int> creating{0};

#ifdef FAKE_ENGINE_OPEN_MS
// As a library that brings many others with it.
const bool opened = (std::this_thread::sleep_for(milliseconds(FAKE_ENGINE_OPEN_MS)), true);
#endif

int32_t fail(int32_t status, const std::string& text) {
  error_text = text;
  return status;
}

Script parse(const std::string& text) {
  Script script;
  std::istringstream stream(text);
  std::string entry;
  while (std::getline(stream, entry, ';')) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos)
      script[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return script;
}

unsigned number(const Script& script, const char* key, unsigned otherwise) {
  const auto found = script.find(key);
  return found == script.end()
             ? otherwise
             : static_cast<unsigned>(std::strtoul(found->second.c_str(), nullptr, 10));
}

int32_t scripted_create_status(const std::string& kind) {
  static const std::map<std::string, int32_t> kinds = {
      {"not-found", JETSONCAPTION_ENGINE_NOT_FOUND},
      {"invalid", JETSONCAPTION_ENGINE_INVALID_ARGUMENT},
      {"corrupt", JETSONCAPTION_ENGINE_CORRUPT_MODEL},
      {"memory", JETSONCAPTION_ENGINE_OUT_OF_MEMORY},
      {"unsupported", JETSONCAPTION_ENGINE_UNSUPPORTED}};
  const auto found = kinds.find(kind);
  return found == kinds.end() ? JETSONCAPTION_ENGINE_INTERNAL : found->second;
}

int32_t scripted_self_test(const Script& script) {
  const auto found = script.find("self-test");
  if (found == script.end())
    return JETSONCAPTION_ENGINE_SELF_TEST_ABSENT;
  return found->second == "failed" ? JETSONCAPTION_ENGINE_SELF_TEST_FAILED
                                   : JETSONCAPTION_ENGINE_SELF_TEST_PASSED;
}

std::string average_color(const JetsonCaptionEngineImage& image) {
  uint64_t sums[3] = {0, 0, 0};
  for (uint32_t y = 0; y < image.height; y++)
    for (uint32_t x = 0; x < image.width; x++)
      for (int channel = 0; channel < 3; channel++)
        sums[channel] += image.pixels[y * image.stride + x * 3 + channel];
  const uint64_t pixels = static_cast<uint64_t>(image.width) * image.height;
  std::string text = "average";
  for (const uint64_t sum : sums)
    text += " " + std::to_string((sum + pixels / 2) / pixels);
  return text;
}

std::string hash_of(const JetsonCaptionEngineImage& image) {
  uint64_t hash = jetsoncaption::hash_text("");
  for (uint32_t y = 0; y < image.height; y++) {
    const uint8_t* row = image.pixels + y * image.stride;
    hash = jetsoncaption::hash_text({row, row + image.width * 3}, hash);
  }
  return "hash " + std::to_string(hash);
}

constexpr uint32_t kGridSide = 7;
constexpr uint32_t kCells = kGridSide * kGridSide;

// As many words as there is room for.
void write_tag(const Script& script, JetsonCaptionEngineCaption* caption) {
  const auto tag = script.find("tag");
  caption->tags = tag == script.end() ? 0 : 1;
  if (caption->tags == 0)
    return;
  std::snprintf(caption->tag_list[0].text, sizeof caption->tag_list[0].text, "%s",
                tag->second.c_str());
  caption->tag_list[0].probability = 0.75;
}

void write_attention(const std::string& text, JetsonCaptionEngineCaption* caption) {
  std::istringstream stream(text);
  std::string word;
  for (uint32_t i = 0; i < caption->word_capacity && stream >> word; i++) {
    JetsonCaptionEngineWord& entry = caption->word_list[i];
    std::snprintf(entry.text, sizeof entry.text, "%s", word.c_str());
    entry.probability = 1.0 / (i + 1);
    float* map = caption->attention + static_cast<size_t>(i) * kCells;
    std::fill_n(map, kCells, 0.01F);
    map[i % kCells] = 0.52F;
  }
}

}  // namespace

struct JetsonCaptionEngine {
  Script script;
  std::mutex mutex;  // of all below
  std::condition_variable cancelled_changed;
  uint64_t cancelled_below = 0;  // requests with lower numbers
  uint64_t captions = 0;
  uint64_t failures = 0;
  uint64_t trims = 0;
  std::vector<char> ballast;
};

namespace {

// As libraries are that make things for good when they are first used: what comes too late for them
// ends the process with the status 86.
struct MadeForGood {
  ~MadeForGood() {
    if (creating > 0)
      _exit(86);
  }
};

// As the code of libraries does.
[[noreturn]] void crash() {
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  std::abort();
}

// Whether the service that a test has made for the children of its process answers.
bool reaches_a_service() {
  const int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "jetsoncaption-test-%ld",
                static_cast<long>(getppid()));
  const bool is_reached =
      connect(end, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int fault = errno;
  close(end);
  errno = fault;
  return is_reached;
}

// What an engine that was taken over would do.
bool attempt(const std::string& what) {
  const auto opens = [](const char* path, int flags) {
    const int file = open(path, flags | O_CLOEXEC, 0600);
    if (file >= 0)
      close(file);
    return file >= 0;
  };
  if (what == "read")
    return opens("/etc/passwd", O_RDONLY);
  if (what == "write")
    return opens("/tmp/jetsoncaption-fake-engine", O_WRONLY | O_CREAT);
  if (what == "share")
    return opens("/dev/shm/jetsoncaption-fake-engine", O_WRONLY | O_CREAT);
  if (what == "mode")
    return chmod("/tmp", 0777) == 0;
  if (what == "segment")  // as sinks share with an X server
    return shmget(IPC_PRIVATE, 4096, 0600) >= 0;
  if (what == "send")
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
  if (what == "signal")
    return kill(getppid(), 0) == 0;
  if (what == "own")  // the next message to the application is a signal that ends it
    return fcntl(3, F_SETOWN, getppid()) == 0;
#if __SIZEOF_LONG__ == 8
  if (what == "own by half")  // the kernel looks at the lower half of the argument alone
    return syscall(SYS_fcntl, 3, F_SETOWN | 1L << 32, getppid()) == 0;
#endif
  if (what == "pin") {
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) == 0 &&
           sched_setaffinity(getppid(), sizeof processors, &processors) == 0;
  }
  if (what == "limit") {
    rlimit old;
    return prlimit(getppid(), RLIMIT_NOFILE, nullptr, &old) == 0;
  }
  if (what == "type") {  // into a terminal
    char key = 'x';
    return ioctl(STDERR_FILENO, TIOCSTI, &key) == 0;
  }
  if (what == "connect")
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
  if (what == "datagram")  // whose receiver is named where no filter sees it
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
  if (what == "bus")
    return reaches_a_service();
  if (what == "nice")  // to all processes of the user
    return setpriority(PRIO_USER, 0, 19) == 0;
  if (what == "code")
    return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
  if (what == "run") {
    const pid_t child = fork();
    if (child == 0)
      _exit(0);
    return child > 0;
  }
  if (what == "status") {
    // fstat() of the C library on 32 bits, which takes an older call after "not implemented".
    char status[256];
    return syscall(SYS_statx, STDERR_FILENO, "", AT_EMPTY_PATH, 0, status) == 0;
  }
  if (what == "thread") {
    std::thread([] {}).join();
    return true;
  }
  errno = EINVAL;
  return false;
}

std::string tell_of_attempt(const std::string& what) {
  errno = 0;
  const bool done = attempt(what);
  return what + ": " + (done ? "done" : std::strerror(errno));
}

int32_t create(const JetsonCaptionEngineOptions* options, JetsonCaptionEngine** engine) {
  struct Creating {
    Creating() { creating++; }
    ~Creating() { creating--; }
  } const while_creating;
  *engine = nullptr;
  const std::string directory = options->model_dir;
  if (directory.compare(0, 5, "fake:") != 0)
    return fail(JETSONCAPTION_ENGINE_NOT_FOUND, directory + " is not a fake model.");

  Script script = parse(directory.substr(5));
  if (options->device == JETSONCAPTION_ENGINE_DEVICE_CPU &&
      options->precision == JETSONCAPTION_ENGINE_PRECISION_INT8 && options->threads == 1) {
    script.erase("crash-unless-modest");
    if (number(script, "no-int8", 0) != 0)
      return fail(JETSONCAPTION_ENGINE_UNSUPPORTED, "Scripted: there is no int8.");
  }
  const milliseconds half(number(script, "create-ms", 0) / 2);
  std::this_thread::sleep_for(half);
  static const MadeForGood made_for_good;
  (void)made_for_good;
  std::this_thread::sleep_for(half);
  if (number(script, "crash-create", 0) != 0)
    crash();
  const auto attempted = script.find("try-create");
  if (attempted != script.end())
    return fail(JETSONCAPTION_ENGINE_UNSUPPORTED, tell_of_attempt(attempted->second));
  static std::mutex mutex;
  static std::map<std::string, unsigned> created;
  static std::map<std::string, unsigned> tried;
  const std::lock_guard<std::mutex> lock(mutex);
  const unsigned fails = number(script, "fail-first", std::numeric_limits<unsigned>::max());
  const auto kind = script.find("fail-create");
  if (kind != script.end() && ++tried[directory] <= fails)
    return fail(scripted_create_status(kind->second), "Scripted cause: " + kind->second + ".");

  const unsigned creates = number(script, "creates", 0);
  if (creates != 0 && ++created[directory] > creates)
    return fail(JETSONCAPTION_ENGINE_OUT_OF_MEMORY, "Scripted: it was created often enough.");

  auto made = std::make_unique<JetsonCaptionEngine>();
  made->script = script;
  made->ballast.assign(static_cast<size_t>(number(script, "allocate-mb", 0)) << 20, 1);
  live_engines++;
  *engine = made.release();
  return JETSONCAPTION_ENGINE_OK;
}

// True when cancelled meanwhile.
bool delay(JetsonCaptionEngine* engine, uint64_t request) {
  std::unique_lock<std::mutex> lock(engine->mutex);
  const bool is_slow =
      engine->captions + engine->failures + 1 == number(engine->script, "slow-at", 0);
  const unsigned delay_ms = number(engine->script, is_slow ? "slow-ms" : "delay-ms", 0);
  engine->cancelled_changed.wait_for(lock, milliseconds(delay_ms),
                                     [&] { return request < engine->cancelled_below; });
  return request < engine->cancelled_below;
}

void end_where_scripted(JetsonCaptionEngine* engine) {
  uint64_t now = 0;
  {
    const std::lock_guard<std::mutex> lock(engine->mutex);
    now = engine->captions + engine->failures + 1;
  }
  if (now == number(engine->script, "crash-at", 0) ||
      number(engine->script, "crash-unless-modest", 0) != 0)
    crash();
  if (now == number(engine->script, "exit-at", 0))
    _exit(3);
  while (now == number(engine->script, "hang-at", 0))
    std::this_thread::sleep_for(milliseconds(1000));
}

int32_t describe(JetsonCaptionEngine* engine, const JetsonCaptionEngineImage* image,
                 const JetsonCaptionEngineRequest* request, JetsonCaptionEngineCaption* caption) {
  begun++;
  end_where_scripted(engine);
  const std::vector<char> hog(static_cast<size_t>(number(engine->script, "hog-mb", 0)) << 20, 1);
  std::this_thread::sleep_for(milliseconds(number(engine->script, "deaf-ms", 0)));
  if (delay(engine, request->number))
    return fail(JETSONCAPTION_ENGINE_CANCELLED, "Cancelled.");

  const Script& script = engine->script;
  const auto text = script.find("text");
  std::string words = text == script.end() ? average_color(*image) : text->second;
  if (number(script, "hash", 0) != 0)
    words = hash_of(*image);
  const auto attempted = script.find("try");
  if (attempted != script.end())
    words = tell_of_attempt(attempted->second);

  if (number(script, "request", 0) != 0) {
    words = "beam-size " + std::to_string(request->beam_size) + " max-words " +
            std::to_string(request->max_words) + " max-inference-ms " +
            std::to_string(request->max_inference_ms) + " hedge-below " +
            std::to_string(request->hedge_below);
  }

  std::lock_guard<std::mutex> lock(engine->mutex);
  const unsigned fail_every = number(script, "fail-every", 0);
  if (fail_every != 0 && (engine->captions + engine->failures + 1) % fail_every == 0) {
    engine->failures++;
    return fail(JETSONCAPTION_ENGINE_INTERNAL, "Scripted failure.");
  }
  if (number(script, "count", 0) != 0)
    words += " " + std::to_string(engine->captions);
  if (number(script, "count-trims", 0) != 0)
    words = std::to_string(engine->trims) + " trims";
  engine->captions++;
  if (number(script, "broken", 0) != 0)
    words += "\xff";

  std::snprintf(caption->text, sizeof caption->text, "%s", words.c_str());
  caption->confidence = 0.5;
  caption->inference_ms = 1.5;
  caption->words = static_cast<uint32_t>(1 + std::count(words.begin(), words.end(), ' '));
  caption->truncated = static_cast<int32_t>(number(script, "truncated", 0));
  caption->hedged = static_cast<int32_t>(number(script, "hedged", 0));
  write_tag(script, caption);
  if (request->attention != 0)
    write_attention(words, caption);
  return JETSONCAPTION_ENGINE_OK;
}

void get_stats(JetsonCaptionEngine* engine, JetsonCaptionEngineStats* stats) {
  const size_t size = stats->size;
  std::memset(stats, 0, sizeof *stats);
  stats->size = size;
  std::snprintf(stats->model_name, sizeof stats->model_name, "fake");
  std::snprintf(stats->precision, sizeof stats->precision, "fp32");
  std::snprintf(stats->kernels, sizeof stats->kernels, "fake");
  std::snprintf(stats->version, sizeof stats->version, "fake 1");
  stats->threads = 1;
  stats->input_width = stats->input_height = number(engine->script, "input", 224);
  const bool has_attention = number(engine->script, "no-attention", 0) == 0;
  stats->attention_columns = stats->attention_rows = has_attention ? kGridSide : 0;
  stats->self_test = scripted_self_test(engine->script);
  if (stats->self_test == JETSONCAPTION_ENGINE_SELF_TEST_FAILED)
    std::snprintf(stats->self_test_failure, sizeof stats->self_test_failure,
                  "The model fake fails its self-test.");
  std::lock_guard<std::mutex> lock(engine->mutex);
  const unsigned never = ~0U;
  const unsigned fallback = number(engine->script, "fallback", never);
  const bool moved = engine->captions + engine->failures >= fallback;
  std::snprintf(stats->device, sizeof stats->device, moved || fallback == never ? "cpu" : "cuda");
  if (moved)
    std::snprintf(stats->device_fallback, sizeof stats->device_fallback,
                  "Scripted: the memory of the GPU ran out.");
  stats->captions = engine->captions;
  stats->failures = engine->failures;
}

void trim_memory(JetsonCaptionEngine* engine) {
  std::this_thread::sleep_for(milliseconds(number(engine->script, "trim-ms", 0)));
  std::lock_guard<std::mutex> lock(engine->mutex);
  engine->trims++;
  if (number(engine->script, "keep", 0) == 0)
    std::vector<char>().swap(engine->ballast);
}

void cancel(JetsonCaptionEngine* engine, uint64_t request) {
  std::lock_guard<std::mutex> lock(engine->mutex);
  engine->cancelled_below = std::max(engine->cancelled_below, request + 1);
  engine->cancelled_changed.notify_all();
}

void destroy(JetsonCaptionEngine* engine) {
  std::this_thread::sleep_for(milliseconds(number(engine->script, "destroy-ms", 0)));
  delete engine;
  live_engines--;
}

const char* last_error() {
  return error_text.c_str();
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const JetsonCaptionEngineApi*
jetsoncaption_engine_get_api(uint32_t version) {
  static const JetsonCaptionEngineApi api = {JETSONCAPTION_ENGINE_API_VERSION,
                                             create,
                                             describe,
                                             get_stats,
                                             trim_memory,
                                             cancel,
                                             destroy,
                                             last_error};
  return version == JETSONCAPTION_ENGINE_API_VERSION ? &api : nullptr;
}

// For tests.
extern "C" __attribute__((visibility("default"))) int fake_engine_live_engines() {
  return live_engines;
}

extern "C" __attribute__((visibility("default"))) int fake_engine_captions_begun() {
  return begun;
}
