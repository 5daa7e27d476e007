// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds libjetsoncaption-engine.so and opens it, or says what to do about it.
#include "engine/engine_loader.h"

#include <cstdlib>

#include "base/torch_environment.h"

#include <dlfcn.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr const char* kVariable = "JETSONCAPTION_ENGINE";

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

struct EngineFile {
  std::string path;
  std::string origin;  // who named it, for messages
};

EngineFile find_engine_file() {
  const char* named = std::getenv(kVariable);
  if (named != nullptr && named[0] != '\0')
    return {named, std::string("the environment variable ") + kVariable};
  return {JETSONCAPTION_ENGINE_PATH, "the place where it is installed"};
}

}  // namespace

std::string engine_remedy(const std::string& dlerror_text) {
  if (contains(dlerror_text, "static TLS")) {
    // "/usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block"
    const std::string library = dlerror_text.substr(0, dlerror_text.find(':'));
    return "Start the program with LD_PRELOAD=" + library +
           " in its environment: this library has to be loaded first.";
  }
  if (contains(dlerror_text, "libtorch") || contains(dlerror_text, "libc10"))
    return "LibTorch is not installed: run scripts/setup.sh, or apt-get install libtorch1.13 on "
           "Debian 12.";
  if (contains(dlerror_text, "undefined symbol"))
    return "The engine was built for another version of LibTorch: build it again with "
           "scripts/setup.sh.";
  if (contains(dlerror_text, "libjetsoncaption-engine.so"))
    return std::string("Build and install it with scripts/setup.sh and meson install, or set ") +
           kVariable + " to the file in the build folder.";
  return "Install the library that is named here, or run scripts/setup.sh.";
}

Result<EngineLibrary> open_engine() {
  const EngineFile file = find_engine_file();
  const std::string name = "The captioning engine " + file.path + " (" + file.origin + ")";

  if (access(file.path.c_str(), F_OK) != 0)
    return Error{ErrorKind::NotFound,
                 name +
                     " does not exist. Build and install it with scripts/setup.sh and meson "
                     "install, or set " +
                     kVariable + " to the file libjetsoncaption-engine.so in the build folder."};

  // OpenBLAS, which comes with LibTorch, reads them while it is opened.
  set_variables(missing_blas_variables(this_processor(), std::getenv));
  // Local: LibTorch drags in libraries that must not collide with the application's own.
  void* library = dlopen(file.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    const std::string text = reason != nullptr ? reason : "no reason was given";
    return Error{ErrorKind::Internal,
                 name + " cannot be opened: " + text + ". " + engine_remedy(text)};
  }

  auto get_api = reinterpret_cast<JetsonCaptionEngineGetApi>(
      dlsym(library, JETSONCAPTION_ENGINE_GET_API_NAME));
  if (get_api == nullptr)
    return Error{ErrorKind::Unsupported, name + " is not an engine: it has no function " +
                                             JETSONCAPTION_ENGINE_GET_API_NAME +
                                             ". Name libjetsoncaption-engine.so."};

  const JetsonCaptionEngineApi* api = get_api(JETSONCAPTION_ENGINE_API_VERSION);
  if (api == nullptr || api->version != JETSONCAPTION_ENGINE_API_VERSION)
    return Error{ErrorKind::Unsupported,
                 name + " does not serve version " +
                     std::to_string(JETSONCAPTION_ENGINE_API_VERSION) +
                     " of the engine API. Install the plugin and the engine from one release."};
  return EngineLibrary{api, file.path};
}

}  // namespace jetsoncaption
