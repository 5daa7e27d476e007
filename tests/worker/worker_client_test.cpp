// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine in a process of its own says what one in this process says, and does no harm when it
// ends.
#include "worker/worker_client.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/scoped_variable.h"
#include "fakes/temporary_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint32_t kSide = 224;
constexpr uint32_t kMostWords = 20;

struct Said {
  int32_t status = JETSONCAPTION_ENGINE_INTERNAL;
  std::string text;  // the caption, or the error
  JetsonCaptionEngineCaption caption = {};
  std::vector<JetsonCaptionEngineWord> words{kMostWords};
  std::vector<float> maps = std::vector<float>(size_t{kMostWords} * 49);

  bool names(const std::string& part) const { return text.find(part) != std::string::npos; }
};

// What a worker of this process would reach if nothing kept it from that.
class Service {
 public:
  Service() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "jetsoncaption-test-%ld",
                  static_cast<long>(getpid()));
    listens_ = bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               listen(socket_, 8) == 0;
  }
  ~Service() { close(socket_); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  bool listens() const { return listens_; }

 private:
  const int socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool listens_ = false;
};

// An engine of either kind.
class Engine {
 public:
  explicit Engine(const std::string& model, unsigned timeout_ms = 20000, unsigned limit_mb = 0)
      : Engine(open_worker_engine(EngineKind::Int8), model, timeout_ms, limit_mb) {}

  Engine(const Result<EngineLibrary>& library, const std::string& model, unsigned timeout_ms,
         unsigned limit_mb, JetsonCaptionEngineDevice device = JETSONCAPTION_ENGINE_DEVICE_AUTO)
      : api_(library.value().api) {
    JetsonCaptionEngineOptions options = {};
    options.size = sizeof options;
    options.model_dir = model.c_str();
    options.worker_timeout_ms = timeout_ms;
    options.worker_memory_limit_mb = limit_mb;
    options.device = device;
    status_ = api_->create(&options, &engine_);
    if (status_ != JETSONCAPTION_ENGINE_OK)
      error_ = api_->last_error();
  }
  ~Engine() {
    if (engine_ != nullptr)
      api_->destroy(engine_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  int32_t status() const { return status_; }
  const std::string& error() const { return error_; }

  Said describe(bool attention = false, uint64_t number = 1) {
    std::vector<uint8_t> pixels(size_t{kSide} * kSide * 3, 100);
    JetsonCaptionEngineImage image = {};
    image.size = sizeof image;
    image.pixels = pixels.data();
    image.width = image.height = kSide;
    image.stride = size_t{kSide} * 3;
    JetsonCaptionEngineRequest request = {};
    request.size = sizeof request;
    request.beam_size = 1;
    request.max_words = kMostWords;
    request.attention = attention ? 1 : 0;
    request.number = number;
    Said said;
    said.caption.size = sizeof said.caption;
    if (attention) {
      said.caption.word_list = said.words.data();
      said.caption.word_capacity = kMostWords;
      said.caption.attention = said.maps.data();
      said.caption.attention_capacity = said.maps.size();
    }
    said.status = api_->describe(engine_, &image, &request, &said.caption);
    said.text = said.status == JETSONCAPTION_ENGINE_OK ? said.caption.text
                                                       : std::string(api_->last_error());
    return said;
  }

  JetsonCaptionEngineStats stats() const {
    JetsonCaptionEngineStats stats = {};
    stats.size = sizeof stats;
    api_->get_stats(engine_, &stats);
    return stats;
  }
  pid_t pid() const { return static_cast<pid_t>(stats().process_id); }
  void trim() { api_->trim_memory(engine_); }
  void cancel(uint64_t number) { api_->cancel(engine_, number); }

 private:
  const JetsonCaptionEngineApi* const api_;
  JetsonCaptionEngine* engine_ = nullptr;
  int32_t status_ = 0;
  std::string error_;
};

std::string read_proc(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Gone, or waiting for a parent that does not ask.
bool has_ended(pid_t pid) {
  const std::string stat = read_proc(pid, "stat");
  const size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat[name_end + 2] == 'Z';
}

bool ends_soon(pid_t pid) {
  const Clock::time_point end = Clock::now() + milliseconds(10000);
  while (!has_ended(pid) && Clock::now() < end)
    std::this_thread::sleep_for(milliseconds(5));
  return has_ended(pid);
}

std::vector<int> descriptors_of(const std::string& process) {
  std::vector<int> numbers;
  const std::string path = "/proc/" + process + "/fd";
  DIR* directory = opendir(path.c_str());
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.')
      numbers.push_back(std::atoi(entry->d_name));
  }
  closedir(directory);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void expect_no_child() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// As far as the build goes; a kernel without seccomp is older than any that runs these tests.
bool is_confined() {
#if defined(JETSONCAPTION_SECCOMP) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

bool has_landlock() {
  constexpr long kCreateRuleset = 444;
  constexpr int kAskForVersion = 1;
  return syscall(kCreateRuleset, nullptr, 0, kAskForVersion) > 0;
}

TEST(WorkerClient, SaysWhatAnEngineInThisProcessSays) {
  const std::string model = "fake:tag=dog;count=1;text=a dog runs";
  Engine here(open_engine(EngineKind::Int8), model, 0, 0);
  Engine there(model);
  ASSERT_EQ(there.status(), JETSONCAPTION_ENGINE_OK) << there.error();
  for (const bool attention : {false, true, false}) {
    const Said expected = here.describe(attention);
    const Said said = there.describe(attention);
    ASSERT_EQ(said.status, JETSONCAPTION_ENGINE_OK) << said.text;
    EXPECT_EQ(said.text, expected.text);
    EXPECT_EQ(said.caption.confidence, expected.caption.confidence);
    EXPECT_EQ(said.caption.words, expected.caption.words);
    EXPECT_EQ(said.caption.tags, 1U);
    EXPECT_STREQ(said.caption.tag_list[0].text, "dog");
    EXPECT_EQ(said.maps, expected.maps);
    for (uint32_t i = 0; i < kMostWords; ++i)
      EXPECT_STREQ(said.words[i].text, expected.words[i].text);
  }
  EXPECT_EQ(there.stats().captions, 3U);
  EXPECT_STREQ(there.stats().version, "fake 1");
  EXPECT_GT(there.stats().process_memory_bytes, 0U);
  EXPECT_EQ(here.stats().process_id, 0U);
}

TEST(WorkerClient, CopiesThePixels) {
  Engine there("fake:");
  EXPECT_EQ(there.describe().text, "average 100 100 100");
}

TEST(WorkerClient, PassesErrorsOn) {
  Engine engine("/no/such/model");
  EXPECT_EQ(engine.status(), JETSONCAPTION_ENGINE_NOT_FOUND);
  EXPECT_NE(engine.error().find("/no/such/model"), std::string::npos);
  Engine failing("fake:fail-every=1");
  EXPECT_EQ(failing.describe().status, JETSONCAPTION_ENGINE_INTERNAL);
  EXPECT_EQ(failing.describe().text, "Scripted failure.") << "and the process goes on";
  const ScopedVariable missing("JETSONCAPTION_ENGINE", "/no/such/engine.so");
  Engine none("fake:");
  EXPECT_EQ(none.status(), JETSONCAPTION_ENGINE_UNSUPPORTED);
  EXPECT_NE(none.error().find("/no/such/engine.so"), std::string::npos) << none.error();
}

// The loader of programs ends it with this code; it is no error of the system.
TEST(WorkerClient, SaysThatALibraryOfTheProgramIsMissing) {
  TemporaryDirectory directory;
  directory.write("worker", "#!/bin/sh\nexit 127\n");
  ASSERT_EQ(chmod(directory.file("worker").c_str(), 0700), 0);
  const ScopedVariable variable("JETSONCAPTION_WORKER", directory.file("worker"));
  const Engine engine("fake:");
  EXPECT_NE(engine.error().find("a library that it needs is missing"), std::string::npos)
      << engine.error();
}

TEST(WorkerClient, SaysWhereTheProgramIsLookedFor) {
  for (const char* path : {"/no/such/worker", "worker"}) {
    const ScopedVariable variable("JETSONCAPTION_WORKER", path);
    const auto library = open_worker_engine(EngineKind::Int8);
    ASSERT_FALSE(library.ok());
    EXPECT_NE(library.error().message.find(path), std::string::npos);
    EXPECT_NE(library.error().message.find("JETSONCAPTION_WORKER"), std::string::npos);
  }
}

TEST(WorkerClient, TellsHowTheProcessEnded) {
  Engine crashing("fake:crash-at=2;text=a dog");
  EXPECT_EQ(crashing.describe().text, "a dog");
  const Said said = crashing.describe();
  EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_LOST);
  EXPECT_TRUE(said.names("signal 11 (SIGSEGV) while it described a frame")) << said.text;
  EXPECT_EQ(crashing.describe().status, JETSONCAPTION_ENGINE_LOST) << "and is not there any more";
  EXPECT_EQ(crashing.pid(), 0);
  crashing.trim();
  crashing.cancel(5);

  Engine exiting("fake:exit-at=1");
  EXPECT_TRUE(exiting.describe().names("exit code 3 while it described a frame"));
  Engine loading("fake:crash-create=1");
  EXPECT_EQ(loading.status(), JETSONCAPTION_ENGINE_LOST);
  EXPECT_NE(loading.error().find("SIGSEGV) while it loaded the model"), std::string::npos)
      << loading.error();
  Engine killed("fake:");
  kill(killed.pid(), SIGKILL);
  const Said after = killed.describe();
  EXPECT_TRUE(after.names("signal 9 (SIGKILL")) << after.text;
}

TEST(WorkerClient, KillsAProcessThatTakesTooLong) {
  Engine hanging("fake:hang-at=1", 200);
  const pid_t pid = hanging.pid();
  const Clock::time_point begin = Clock::now();
  const Said said = hanging.describe();
  EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_LOST);
  EXPECT_TRUE(said.names("did not answer for 200 ms while it described a frame")) << said.text;
  EXPECT_GE(Clock::now() - begin, milliseconds(200));
  EXPECT_LT(Clock::now() - begin, milliseconds(5000));
  EXPECT_TRUE(has_ended(pid));

  Engine stopped("fake:", 200);
  kill(stopped.pid(), SIGSTOP);
  EXPECT_EQ(stopped.describe().status, JETSONCAPTION_ENGINE_LOST);
  expect_no_child();
}

TEST(WorkerClient, IsEndedWhenNobodyWantsItsModelAnyMore) {
  constexpr milliseconds kLoad{60000};
  const std::string model = "fake:create-ms=" + std::to_string(kLoad.count());
  int asked = 0;
  JetsonCaptionEngineOptions options = {};
  options.size = sizeof options;
  options.model_dir = model.c_str();
  options.is_cancelled = [](void* times) { return ++*static_cast<int*>(times) > 10 ? 1 : 0; };
  options.cancel_data = &asked;
  const auto library = open_worker_engine(EngineKind::Int8);
  const JetsonCaptionEngineApi* api = library.value().api;
  const Clock::time_point begin = Clock::now();
  JetsonCaptionEngine* engine = nullptr;
  EXPECT_EQ(api->create(&options, &engine), JETSONCAPTION_ENGINE_CANCELLED) << api->last_error();
  EXPECT_EQ(engine, nullptr);
  EXPECT_EQ(asked, 11);
  EXPECT_LT(Clock::now() - begin, kLoad / 4);
  expect_no_child();
}

TEST(WorkerClient, IsCancelledWhileItWorks) {
  Engine engine("fake:delay-ms=60000");
  std::thread other([&engine] {
    std::this_thread::sleep_for(milliseconds(50));
    engine.cancel(1);
  });
  EXPECT_EQ(engine.describe().status, JETSONCAPTION_ENGINE_CANCELLED);
  other.join();
}

TEST(WorkerClient, IsKilledWhenItDoesNotStopAlsoWithoutALimitOfTime) {
  Engine hanging("fake:hang-at=1", 0);
  const pid_t pid = hanging.pid();
  const Clock::time_point begin = Clock::now();
  std::thread other([&hanging] {
    std::this_thread::sleep_for(milliseconds(50));
    hanging.cancel(1);
  });
  const Said said = hanging.describe();
  other.join();
  EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_LOST);
  EXPECT_TRUE(said.names("was told to stop, did not for 10000 ms while it described a frame"))
      << said.text;
  EXPECT_LT(Clock::now() - begin, milliseconds(20000));
  EXPECT_TRUE(has_ended(pid));
  expect_no_child();
}

// AddressSanitizer takes terabytes of addresses for itself.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(WorkerClient, IsLimitedInItsMemory) {
  Engine modest("fake:hog-mb=300", 20000, 1000);
  EXPECT_EQ(modest.describe().status, JETSONCAPTION_ENGINE_OK);
  Engine greedy("fake:hog-mb=300", 20000, 200);
  ASSERT_EQ(greedy.status(), JETSONCAPTION_ENGINE_OK) << greedy.error();
  const Said said = greedy.describe();
  EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_OUT_OF_MEMORY) << said.text;
}
#endif

TEST(WorkerClient, GivesUpWhatItDoesNotNeed) {
  const int secret = open("/dev/null", O_RDONLY);  // also for the child
  Engine engine("fake:");
  const pid_t pid = engine.pid();
  EXPECT_EQ(descriptors_of(std::to_string(pid)), (std::vector<int>{0, 1, 2, 3}));
  close(secret);
  EXPECT_NE(read_proc(pid, "status").find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_GE(std::stoi(read_proc(pid, "oom_score_adj")), 500);
  const std::string status = read_proc(pid, "status");
  constexpr unsigned long long kReadEveryFile = 1ULL << 2;  // CAP_DAC_READ_SEARCH
  for (const char* set : {"CapInh:", "CapPrm:", "CapEff:"}) {
    const std::string capabilities = status.substr(status.find(set) + 7);
    EXPECT_EQ(std::stoull(capabilities, nullptr, 16) & ~kReadEveryFile, 0U) << set;
  }
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(pid)),
            std::max(getpriority(PRIO_PROCESS, 0), 5));
  EXPECT_EQ(getsid(pid), pid) << "without the terminal of the application";
}

// Whoever reads what it says on standard error may go away.
TEST(WorkerClient, IsNotEndedByAReaderOfItsWordsWhoHasGone) {
  Engine engine("fake:");
  const std::string status = read_proc(engine.pid(), "status");
  const size_t ignored = status.find("SigIgn:");
  ASSERT_NE(ignored, std::string::npos);
  EXPECT_NE(std::stoull(status.substr(ignored + 7), nullptr, 16) & 1ULL << (SIGPIPE - 1), 0U);
}

// An engine that was taken over, by a model or a picture, gets no further.
TEST(WorkerClient, CanDoNoMoreThanComputeOnceTheModelIsLoaded) {
  if (!is_confined())
    GTEST_SKIP() << "built without libseccomp, or with a sanitizer";
  for (const char* what :
       {"read", "write", "share", "connect", "send", "run", "code", "signal", "own", "own by half",
        "pin", "limit", "type", "datagram", "nice", "mode", "segment"}) {
    Engine engine("fake:try=" + std::string(what));
    EXPECT_EQ(engine.describe().text, std::string(what) + ": Operation not permitted");
  }
  EXPECT_EQ(Engine("fake:try=thread").describe().text, "thread: done");
  EXPECT_EQ(Engine("fake:try=status").describe().text, "status: Function not implemented");
}

// What the driver of a GPU needs is not known; what reaches others is none of it.
TEST(WorkerClient, ReachesNobodyElseFromAGpu) {
  if (!is_confined())
    GTEST_SKIP() << "built without libseccomp, or with a sanitizer";
  const auto on_gpu = [](const std::string& what) {
    return Engine(open_worker_engine(EngineKind::Torch), "fake:fallback=100;try=" + what, 20000, 0,
                  JETSONCAPTION_ENGINE_DEVICE_CUDA)
        .describe()
        .text;
  };
  for (const std::string what : {"connect", "send", "run", "signal", "own", "own by half", "pin",
                                 "limit", "type", "datagram", "nice", "mode", "segment"})
    EXPECT_EQ(on_gpu(what), what + ": Operation not permitted");
  for (const std::string what : {"read", "code", "thread"})
    EXPECT_EQ(on_gpu(what), what + ": done");
}

TEST(WorkerClient, ReachesNobodyElseWhileTheModelIsLoaded) {
  if (!is_confined())
    GTEST_SKIP() << "built without libseccomp, or with a sanitizer";
  for (const std::string what : {"connect", "send", "run", "signal", "own", "own by half", "pin",
                                 "limit", "type", "datagram", "nice", "mode", "segment"})
    EXPECT_EQ(Engine("fake:try-create=" + what).error(), what + ": Operation not permitted");
}

// As on the bus of a session, where whoever comes may have programs started.
TEST(WorkerClient, FindsNoServiceOfThisMachine) {
  if (!is_confined())
    GTEST_SKIP() << "built without libseccomp, or with a sanitizer";
  const Service service;
  ASSERT_TRUE(service.listens());
  EXPECT_EQ(Engine("fake:try-create=bus").error(), "bus: No such file or directory");
  EXPECT_EQ(Engine("fake:try=bus").describe().text, "bus: Operation not permitted");
}

TEST(WorkerClient, WritesNoFileWhileTheModelIsLoaded) {
  if (!is_confined() || !has_landlock())
    GTEST_SKIP() << "a kernel without Landlock, or a build with a sanitizer";
  EXPECT_EQ(Engine("fake:try-create=write").error(), "write: Permission denied");
  EXPECT_EQ(Engine("fake:try-create=share").error(), "share: Permission denied");
  EXPECT_EQ(Engine("fake:try-create=read").error(), "read: done");
}

TEST(WorkerClient, LeavesNothingBehind) {
  { Engine warm_up("fake:"); }
  const size_t before = descriptors_of("self").size();
  for (int i = 0; i < 20; ++i) {
    Engine engine(i % 2 == 0 ? "fake:crash-at=1" : "fake:");
    engine.describe();
  }
  EXPECT_EQ(descriptors_of("self").size(), before);
  expect_no_child();
}

TEST(WorkerClient, EndsWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Engine engine("fake:hang-at=1", 0);
    const pid_t pid = engine.pid();
    if (write(ends[1], &pid, sizeof pid) != sizeof pid)
      _exit(1);
    engine.describe();
    _exit(0);
  }
  pid_t worker = 0;
  ASSERT_EQ(read(ends[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
  EXPECT_FALSE(has_ended(worker));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_soon(worker));
  close(ends[0]);
  close(ends[1]);
}

TEST(WorkerClient, OutlivesTheThreadThatStartedIt) {
  std::unique_ptr<Engine> engine;
  std::thread([&engine] { engine = std::make_unique<Engine>("fake:text=a dog"); }).join();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_FALSE(has_ended(engine->pid()));
  EXPECT_EQ(engine->describe().text, "a dog");
}

TEST(WorkerClient, LeavesTheChildrenOfTheApplicationAlone) {
  const pid_t other = fork();
  if (other == 0)
    _exit(17);
  {
    Engine engine("fake:crash-at=1");
    engine.describe();
  }
  int status = 0;
  EXPECT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 17);

  // Where nobody waits for children, the kernel forgets how they ended.
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  Engine engine("fake:crash-at=1");
  const Said said = engine.describe();
  EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_LOST);
  EXPECT_TRUE(said.names("ended; how, only those know")) << said.text;
  std::signal(SIGCHLD, before);
}

TEST(WorkerClient, TrustsNothingThatComesBack) {
  const ScopedVariable variable("JETSONCAPTION_WORKER", JETSONCAPTION_EVIL_WORKER);
  const size_t before = descriptors_of("self").size();
  for (const char* deed : {"garbage", "empty", "short", "long", "serial", "nan", "unended", "words",
                           "other-input", "stages", "close", "silence"}) {
    Engine engine(deed, 300);
    ASSERT_EQ(engine.status(), JETSONCAPTION_ENGINE_OK) << engine.error();
    const pid_t pid = engine.pid();
    const Said said = engine.describe();
    EXPECT_EQ(said.status, JETSONCAPTION_ENGINE_LOST) << deed << ": " << said.text;
    EXPECT_TRUE(has_ended(pid)) << deed;
  }
  {
    Engine engine("chatter", 300);
    EXPECT_EQ(engine.describe().status, JETSONCAPTION_ENGINE_OK);
    EXPECT_EQ(engine.describe().status, JETSONCAPTION_ENGINE_LOST);
    Engine sending("descriptor", 300);
    EXPECT_EQ(sending.describe().text, "a dog");
  }
  EXPECT_EQ(descriptors_of("self").size(), before) << "what it sends is not kept";
  expect_no_child();
}

}  // namespace
}  // namespace jetsoncaption
