// SPDX-License-Identifier: LGPL-2.1-or-later
// Which engine a captioner gets: LibTorch only where int8 on the CPU will not do.
#include "engine/engine_choice.h"

#include <string>

#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"

namespace jetsoncaption {
namespace {

struct Wish {
  JetsonCaptionEngineDevice device;
  JetsonCaptionEnginePrecision precision;
  EngineCircumstances circumstances;
  EngineKind kind;
  bool or_int8;
};

constexpr EngineCircumstances kBoth = {true, true, false};
constexpr EngineCircumstances kBothAndCuda = {true, true, true};
constexpr EngineCircumstances kMasterOnly = {false, true, false};
constexpr EngineCircumstances kMasterAndCuda = {false, true, true};
constexpr EngineCircumstances kNothing = {false, false, false};

TEST(EngineChoice, IsInt8UnlessItCannotDoWhatIsWanted) {
  const Wish wishes[] = {
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, kBoth,
       EngineKind::Int8, false},
      {JETSONCAPTION_ENGINE_DEVICE_CPU, JETSONCAPTION_ENGINE_PRECISION_AUTO, kBothAndCuda,
       EngineKind::Int8, false},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_INT8, kBothAndCuda,
       EngineKind::Int8, false},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, kBothAndCuda,
       EngineKind::Torch, true},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, kMasterAndCuda,
       EngineKind::Torch, false},
      {JETSONCAPTION_ENGINE_DEVICE_CUDA, JETSONCAPTION_ENGINE_PRECISION_INT8, kBoth,
       EngineKind::Torch, false},
      {JETSONCAPTION_ENGINE_DEVICE_CPU, JETSONCAPTION_ENGINE_PRECISION_FP32, kBoth,
       EngineKind::Torch, false},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_FP16, kBoth,
       EngineKind::Torch, false},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, kMasterOnly,
       EngineKind::Torch, false},
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, kNothing,
       EngineKind::Int8, false},
  };
  for (const Wish& wish : wishes) {
    const EngineChoice choice = choose_engine(wish.device, wish.precision, wish.circumstances);
    EXPECT_EQ(choice.kind, wish.kind) << wish.device << ", " << wish.precision;
    EXPECT_EQ(choice.or_int8, wish.or_int8) << wish.device << ", " << wish.precision;
  }
}

TEST(EngineChoice, LooksAtTheFilesOfTheBundle) {
  const TemporaryDirectory bundle;
  const auto choose = [&] {
    return choose_engine(JETSONCAPTION_ENGINE_DEVICE_CPU, JETSONCAPTION_ENGINE_PRECISION_AUTO,
                         bundle.path())
        .kind;
  };
  EXPECT_EQ(choose(), EngineKind::Int8) << "which says that there is nothing";
  bundle.write("model.safetensors", "");
  EXPECT_EQ(choose(), EngineKind::Torch);
  bundle.write("model-int8.safetensors", "");
  EXPECT_EQ(choose(), EngineKind::Int8);
}

TEST(CudaDevice, IsNotLookedForWithoutANode) {
  EXPECT_FALSE(has_cuda_device({"/nowhere/nvidia0"}, "libm.so.6"));
}

TEST(CudaDevice, NeedsADriver) {
  EXPECT_FALSE(has_cuda_device({"/dev/null"}, "/nowhere/libcuda.so.1"));
  EXPECT_FALSE(has_cuda_device({"/dev/null"}, "libm.so.6")) << "that is none";
}

}  // namespace
}  // namespace jetsoncaption
