// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens a bundle's int8 weights and describes images with them.
#include "int8/int8_captioner.h"

#include <new>
#include <string>
#include <utility>

#include "bundle/bundle.h"
#include "captioner/network_captioner.h"
#include "int8/network.h"

namespace jetsoncaption {
namespace {

class Int8Captioner : public NetworkCaptioner {
 public:
  Int8Captioner(LoadedNetwork loaded, CaptionerInfo info) : loaded_(std::move(loaded)) {
    use(loaded_, std::move(info));
  }

 protected:
  Result<void> run(const Work& work) override {
    try {
      work(loaded_);
      return {};
    } catch (const std::bad_alloc&) {
      return Error{ErrorKind::OutOfMemory, "Memory ran out while captioning"};
    }
  }

 private:
  const LoadedNetwork loaded_;
};

// What int8 arithmetic on the CPU cannot do.
Result<void> check_choice(const CaptionerOptions& options) {
  if (options.device == Device::Cuda)
    return Error{ErrorKind::Unsupported,
                 "Device cuda was chosen, but the int8 engine computes on the CPU; choose device "
                 "cpu or auto, or install the engine with LibTorch"};
  if (options.precision == Precision::Fp32 || options.precision == Precision::Fp16)
    return Error{ErrorKind::Unsupported,
                 std::string("Precision ") + name_of(options.precision) +
                     " was chosen, but the int8 engine has int8 only; choose precision int8 or "
                     "auto, or install the engine with LibTorch"};
  if (has_weight_file(options.model_dir, WeightFile::Int8))
    return {};
  // A folder that is no bundle has a better sentence.
  const auto opened = open_bundle(options.model_dir, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  return Error{ErrorKind::NotFound, "The model in " + options.model_dir + " has no " +
                                        weight_file_name(WeightFile::Int8) +
                                        "; make one with `jetsoncaption quantize` or choose "
                                        "precision fp32"};
}

Result<std::unique_ptr<Captioner>> load(const CaptionerOptions& options) {
  auto opened = open_bundle(options.model_dir, WeightFile::Int8);
  if (!opened.ok())
    return opened.error();
  LoadedNetwork loaded;
  loaded.bundle = std::make_unique<Bundle>(std::move(opened.value()));
  loaded.network = make_int8_network(*loaded.bundle);
  give_back_int8_copies(*loaded.bundle);
  CaptionerInfo info = info_of(loaded);
  info.device = Device::Cpu;
  info.precision = Precision::Int8;
  info.version = "jetsoncaption " JETSONCAPTION_VERSION;
  info.threads = 1;
  test_network(loaded, info);
  return std::unique_ptr<Captioner>(
      std::make_unique<Int8Captioner>(std::move(loaded), std::move(info)));
}

}  // namespace

Result<std::unique_ptr<Captioner>> load_int8_captioner(const CaptionerOptions& options) {
  auto checked = check_captioner_options(options);
  if (checked.ok())
    checked = check_choice(options);
  if (!checked.ok())
    return checked.error();
  try {
    return load(options);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory, "Memory ran out while the model was loaded"};
  }
}

}  // namespace jetsoncaption
