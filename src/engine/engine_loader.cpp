// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds an engine and opens it, or says what to do about it.
#include "engine/engine_loader.h"

#include <cerrno>
#include <cstdlib>

#include "base/file_error.h"
#include "base/text.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr const char* kVariable = "JETSONCAPTION_ENGINE";

struct EngineFile {
  std::string path;
  std::string origin;  // who named it, for messages
};

// What cannot be looked at is no file: opening the file in it says why.
bool is_folder(const char* path) {
  struct stat status;
  if (stat(path, &status) != 0)
    return errno != ENOENT && errno != ENOTDIR;
  return S_ISDIR(status.st_mode);
}

std::string file_name(EngineKind kind) {
  return std::string("libjetsoncaption-engine-") + name_of(kind) + ".so";
}

EngineFile find_engine_file(EngineKind kind) {
  const char* named = std::getenv(kVariable);
  if (named == nullptr || named[0] == '\0')
    return {JETSONCAPTION_ENGINE_DIR "/" + file_name(kind), "the place where it is installed"};
  const std::string path = named;
  return {is_folder(named) ? path + "/" + file_name(kind) : path,
          std::string("the environment variable ") + kVariable};
}

}  // namespace

Error engine_error(const JetsonCaptionEngineApi& api, int32_t status) {
  const bool known =
      status >= JETSONCAPTION_ENGINE_NOT_FOUND && status <= JETSONCAPTION_ENGINE_LOST;
  return {known ? static_cast<ErrorKind>(status) : ErrorKind::Internal, api.last_error()};
}

std::string engine_remedy(const std::string& dlerror_text) {
  if (contains(dlerror_text, "static TLS")) {
    // "/usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block"
    const std::string library = dlerror_text.substr(0, dlerror_text.find(':'));
    return "Start the program with LD_PRELOAD=" + library +
           " in its environment: this library has to be loaded first.";
  }
  if (contains(dlerror_text, "libtorch") || contains(dlerror_text, "libc10"))
    return "LibTorch is not installed: run scripts/setup.sh --all, or apt-get install libtorch1.13 "
           "on "
           "Debian 12.";
  if (contains(dlerror_text, "undefined symbol"))
    return "The engine was built for another version of LibTorch: build it again with "
           "scripts/setup.sh.";
  if (contains(dlerror_text, "libjetsoncaption-engine-"))
    return std::string("Build and install it with scripts/setup.sh and meson install, or set ") +
           kVariable + " to the folder src/engine in the build folder.";
  return "Install the library that is named here, or run scripts/setup.sh.";
}

Result<EngineLibrary> open_engine(EngineKind kind) {
  const EngineFile file = find_engine_file(kind);
  const std::string name = "The captioning engine " + file.path + " (" + file.origin + ")";

  const int fault = access(file.path.c_str(), R_OK) != 0 ? errno : 0;
  if (fault != 0 && fault != ENOENT && fault != ENOTDIR)
    return Error{kind_of_fault(fault),
                 name + ": " + cannot_read_file(file.path, fault).message + "."};
  if (fault != 0)
    return Error{
        ErrorKind::NotFound,
        name + " does not exist. Build and install it with scripts/setup.sh" +
            (kind == EngineKind::Torch ? " --all" : "") + " and meson install, or set " +
            kVariable + " to the folder src/engine in the build folder." +
            (kind == EngineKind::Torch ? " Precision int8 on the CPU does not need it." : "")};

  // Local: LibTorch drags in libraries that must not collide with the application's own.
  errno = 0;
  void* library = dlopen(file.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const int cause = errno;
    const char* reason = dlerror();
    const std::string text = reason != nullptr ? reason : "no reason was given";
    return Error{kind_of_fault(cause),
                 name + " cannot be opened: " + text + ". " + engine_remedy(text)};
  }

  auto get_api = reinterpret_cast<JetsonCaptionEngineGetApi>(
      dlsym(library, JETSONCAPTION_ENGINE_GET_API_NAME));
  if (get_api == nullptr)
    return Error{ErrorKind::Unsupported, name + " is not an engine: it has no function " +
                                             JETSONCAPTION_ENGINE_GET_API_NAME + ". Name " +
                                             file_name(kind) + "."};

  const JetsonCaptionEngineApi* api = get_api(JETSONCAPTION_ENGINE_API_VERSION);
  if (api == nullptr || api->version != JETSONCAPTION_ENGINE_API_VERSION)
    return Error{ErrorKind::Unsupported,
                 name + " does not serve version " +
                     std::to_string(JETSONCAPTION_ENGINE_API_VERSION) +
                     " of the engine API. Install the plugin and the engine from one release."};
  return EngineLibrary{api, file.path};
}

}  // namespace jetsoncaption
