// SPDX-License-Identifier: LGPL-2.1-or-later
// A program that ends by exit() while another thread captions. For exit_test.cpp.
//
//   exit-while-captioning ENGINE BUNDLE PRECISION MILLISECONDS [fork]
//
// With "fork" a child ends by exit() meanwhile, and the exit code is 5 where that took it a second.
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "engine/engine_api.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {
bool is_forked = false;
}  // namespace

#ifdef __SANITIZE_ADDRESS__
// LeakSanitizer asks. What the thread that captions holds belongs to nobody in a forked process.
extern "C" int __lsan_is_turned_off() {
  return is_forked ? 1 : 0;
}
#endif

int main(int argc, char** argv) {
  if (argc < 5)
    return 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return 3;
  const auto get_api = reinterpret_cast<JetsonCaptionEngineGetApi>(
      dlsym(library, JETSONCAPTION_ENGINE_GET_API_NAME));
  const JetsonCaptionEngineApi* api = get_api(JETSONCAPTION_ENGINE_API_VERSION);
  std::thread captions([=] {
    JetsonCaptionEngineOptions options = {};
    options.size = sizeof options;
    options.model_dir = argv[2];
    options.precision = std::atoi(argv[3]);
    options.device = JETSONCAPTION_ENGINE_DEVICE_CPU;
    options.threads = 2;
    JetsonCaptionEngine* engine = nullptr;
    if (api->create(&options, &engine) != JETSONCAPTION_ENGINE_OK)
      return;
    const std::vector<uint8_t> pixels(320 * 240 * 3, 77);
    const JetsonCaptionEngineImage image = {sizeof image, pixels.data(), 320, 240, 320 * 3};
    JetsonCaptionEngineRequest request = {};
    request.size = sizeof request;
    request.beam_size = 8;
    request.max_words = 50;
    for (;;) {
      JetsonCaptionEngineCaption caption = {};
      caption.size = sizeof caption;
      api->describe(engine, &image, &request, &caption);
    }
  });
  captions.detach();
  std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(argv[4])));
  if (argc > 5) {
    const auto begin = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) {
      is_forked = true;
      std::exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(1))
      std::_Exit(5);
    if (status != 0)
      std::_Exit(6);
  }
  std::exit(0);
}
