// SPDX-License-Identifier: LGPL-2.1-or-later
// From options to a network that is loaded and tested, and that is replaced where a GPU is full.
#include "torch/torch_captioner.h"

#include <string>
#include <utility>

#include "int8/network.h"
#include "torch/cuda_device.h"
#include "torch/network_keeper.h"
#include "torch/torch_network.h"
#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

bool has_half_weights(const Bundle& bundle) {
  return bundle.weights.find("decoder.embedding.weight")->type == DataType::F16;
}

bool computes_in_int8(Device device, Precision precision) {
  return precision == Precision::Int8 && device == Device::Cpu;
}

// What the network has copied of the bundle is given back.
std::unique_ptr<CaptionNetwork> make_network(Bundle& bundle, Device device, Precision precision) {
  if (computes_in_int8(device, precision)) {
    auto network = make_int8_network(bundle);
    give_back_int8_copies(bundle);
    return network;
  }
  TorchOptions options;
  options.cuda = device == Device::Cuda;
  options.half = precision == Precision::Fp16;
  auto network = make_torch_network(bundle, options);
  give_back_torch_copies(bundle, options);
  return network;
}

Precision rounded_to(const Bundle& bundle, Precision precision) {
  return precision == Precision::Fp32 && has_half_weights(bundle) ? Precision::Fp16 : precision;
}

// "" where all is well. What cannot be tried cannot be run either, and the model says so.
std::string find_wrong_numbers(const NumericOperations& operations) {
  std::string difference;
  (void)guard_torch([&] { difference = check_numbers(operations); });
  return difference;
}

// An exception counts as a failure too: it would come with every caption, and the element goes on
// without captions rather than not at all. Memory of the GPU is another matter, for which there is
// a remedy. The model describes its pictures in any case, because that also warms up; but where
// LibTorch is wrong, that is the cause to name.
Result<void> test_itself(const LoadedNetwork& loaded, bool is_torch_on_cpu,
                         const NumericOperations& operations, CaptionerInfo& info) {
  const std::string wrong = is_torch_on_cpu ? find_wrong_numbers(operations) : "";
  const auto ran = guard_torch([&] { test_network(loaded, info); });
  if (!ran.ok()) {
    if (ran.error().kind == ErrorKind::OutOfMemory && info.device == Device::Cuda)
      return ran;
    write_self_test_failure(ran.error().message, info);
  }
  if (!wrong.empty()) {
    info.self_test = SelfTestOutcome::Failed;
    info.self_test_failure = wrong_numbers_sentence(wrong);
  }
  return {};
}

// Cpu or Cuda.
Result<Device> choose_device(Device device) {
  switch (device) {
    case Device::Auto:
      return check_cuda().ok() ? Device::Cuda : Device::Cpu;
    case Device::Cpu:
      return Device::Cpu;
    case Device::Cuda: {
      const auto cuda = check_cuda();
      if (!cuda.ok())
        return cuda.error();
      return Device::Cuda;
    }
  }
  return Error{
      ErrorKind::InvalidArgument,
      "Device has the unknown number " + std::to_string(static_cast<int>(device)) + "; use 0 to 2"};
}

// Not Auto.
Result<Precision> choose_precision(const CaptionerOptions& options, Device device) {
  const bool has_int8 = has_weight_file(options.model_dir, WeightFile::Int8);
  switch (options.precision) {
    case Precision::Auto:
      if (device == Device::Cuda && has_weight_file(options.model_dir, WeightFile::Master))
        return Precision::Fp16;
      return has_int8 ? Precision::Int8 : Precision::Fp32;
    case Precision::Fp32:
    case Precision::Fp16:
      return options.precision;
    case Precision::Int8:
      if (has_int8)
        return Precision::Int8;
      return Error{ErrorKind::NotFound,
                   "The model in " + options.model_dir + " has no " +
                       weight_file_name(WeightFile::Int8) +
                       "; make one with `jetsoncaption quantize` or choose precision fp32"};
  }
  return Error{ErrorKind::InvalidArgument, "Precision has the unknown number " +
                                               std::to_string(static_cast<int>(options.precision)) +
                                               "; use 0 to 3"};
}

class TorchCaptioner : public NetworkCaptioner {
 public:
  TorchCaptioner(const CaptionerOptions& options, Device device, Precision precision,
                 NetworkOpener opener)
      : options_(options), opener_(std::move(opener)), keeper_(makers(device, precision)) {}

  Result<void> run(const Work& work) override {
    auto done = keeper_.run([&](const LoadedNetwork& loaded) {
      const TorchSettings settings(info().threads, options_.cudnn);
      work(loaded);
    });
    const std::string fallback = keeper_.fallback();
    if (!fallback.empty() && info().device_fallback.empty())
      set_device_fallback(fallback);
    return done;
  }

  void trim_memory() override {
    if (info().device == Device::Cuda)
      (void)guard_torch([] { release_cuda_cache(); });
  }

  uint64_t device_memory_bytes() const override {
    uint64_t bytes = 0;
    if (info().device == Device::Cuda)
      (void)guard_torch([&bytes] { bytes = cuda_memory_bytes(); });
    return bytes;
  }

 private:
  NetworkKeeper::Makers makers(Device device, Precision precision) {
    if (device == Device::Cpu)
      return {nullptr, [=] { return open(Device::Cpu, precision); }, nullptr};
    return {[=] { return open(Device::Cuda, precision); }, [=] { return open_on_cpu_instead(); },
            release_cuda_cache};
  }

  // The precision was chosen for the GPU: here the fastest and smallest one is wanted.
  Result<LoadedNetwork> open_on_cpu_instead() {
    CaptionerOptions options = options_;
    options.precision = Precision::Auto;
    const auto precision = choose_precision(options, Device::Cpu);
    if (!precision.ok())
      return precision.error();
    return open(Device::Cpu, precision.value());
  }

  Result<LoadedNetwork> open(Device device, Precision precision) {
    auto opened = opener_(options_, device, precision);
    if (!opened.ok())
      return opened.error();
    use(opened.value().loaded, std::move(opened.value().info));
    return std::move(opened.value().loaded);
  }

  const CaptionerOptions options_;
  const NetworkOpener opener_;
  NetworkKeeper keeper_;
};

}  // namespace

Result<OpenedNetwork> open_network(const CaptionerOptions& options, Device device,
                                   Precision precision, const NumericOperations& operations) {
  auto opened = open_bundle(options.model_dir,
                            precision == Precision::Int8 ? WeightFile::Int8 : WeightFile::Master);
  if (!opened.ok())
    return opened.error();

  OpenedNetwork made;
  const auto owned = std::make_shared<Bundle>(std::move(opened.value()));
  made.loaded.bundle = owned;
  Bundle& bundle = *owned;
  const int threads = options.threads > 0 ? options.threads : default_threads();
  const TorchSettings settings(threads, options.cudnn);
  const auto guarded =
      guard_torch([&] { made.loaded.network = make_network(bundle, device, precision); });
  if (!guarded.ok())
    return guarded.error();
  CaptionerInfo& info = made.info;
  info = info_of(made.loaded);
  info.threads = threads;
  info.version = "LibTorch " + torch_version();
  info.device = device;
  info.precision = rounded_to(bundle, precision);
  const bool is_torch_on_cpu = device == Device::Cpu && !computes_in_int8(device, precision);
  const auto tested = test_itself(made.loaded, is_torch_on_cpu, operations, info);
  if (!tested.ok())
    return tested.error();
  return made;
}

Result<std::unique_ptr<Captioner>> load_torch_captioner(const CaptionerOptions& options,
                                                        Device device, Precision precision,
                                                        NetworkOpener opener) {
  auto captioner = std::make_unique<TorchCaptioner>(options, device, precision, std::move(opener));
  const auto loaded = captioner->run([](const LoadedNetwork&) {});
  if (!loaded.ok())
    return loaded.error();
  return std::unique_ptr<Captioner>(std::move(captioner));
}

Result<std::unique_ptr<Captioner>> load_torch_captioner(const CaptionerOptions& options) {
  const auto checked = check_captioner_options(options);
  if (!checked.ok())
    return checked.error();
  const auto device = choose_device(options.device);
  if (!device.ok())
    return device.error();
  const auto precision = choose_precision(options, device.value());
  if (!precision.ok())
    return precision.error();
  const auto opener = [](const CaptionerOptions& chosen, Device on, Precision with) {
    return open_network(chosen, on, with);
  };
  return load_torch_captioner(options, device.value(), precision.value(), opener);
}

}  // namespace jetsoncaption
