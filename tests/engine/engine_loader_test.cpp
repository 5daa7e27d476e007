// SPDX-License-Identifier: LGPL-2.1-or-later
// What to do when the engine cannot be opened.
#include "engine/engine_loader.h"

#include <string>

#include <glib.h>
#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST(EngineRemedy, PreloadsTheLibraryThatComesTooLateForStaticTls) {
  EXPECT_TRUE(contains(engine_remedy("/usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate "
                                     "memory in static TLS block"),
                       "LD_PRELOAD=/usr/lib/aarch64-linux-gnu/libgomp.so.1 "));
}

TEST(EngineRemedy, NamesThePackageOfLibTorch) {
  for (const char* missing : {"libtorch.so.1.13", "libtorch_cpu.so", "libc10.so.1.13"}) {
    const std::string text =
        std::string(missing) + ": cannot open shared object file: No such file or directory";
    EXPECT_TRUE(contains(engine_remedy(text), "libtorch1.13")) << missing;
    EXPECT_TRUE(contains(engine_remedy(text), "scripts/setup.sh")) << missing;
  }
}

TEST(EngineRemedy, BuildsAgainForAnotherLibTorch) {
  EXPECT_TRUE(
      contains(engine_remedy("/usr/lib/libjetsoncaption-engine-torch.so: undefined symbol: _ZN2"),
               "build it again"));
}

TEST(EngineRemedy, IsNeverEmpty) {
  EXPECT_FALSE(engine_remedy("").empty());
}

TEST(OpenEngine, FindsTheOneOfTheEnvironment) {
  const Result<EngineLibrary> library = open_engine(EngineKind::Int8);
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_EQ(library.value().path, g_getenv("JETSONCAPTION_ENGINE"));
  EXPECT_EQ(library.value().api->version, uint32_t{JETSONCAPTION_ENGINE_API_VERSION});
}

}  // namespace
}  // namespace jetsoncaption
