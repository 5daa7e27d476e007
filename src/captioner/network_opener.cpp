// SPDX-License-Identifier: LGPL-2.1-or-later
// From options to a network that is loaded and tested.
#include "captioner/network_opener.h"

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "captioner/self_test.h"
#include "torch/cuda_device.h"
#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

constexpr char kCudaName[] = "cuda";

bool has_half_weights(const Bundle& bundle) {
  return bundle.weights.find("decoder.embedding.weight")->type == DataType::F16;
}

bool computes_in_int8(Device device, Precision precision) {
  return precision == Precision::Int8 && device == Device::Cpu;
}

std::unique_ptr<CaptionNetwork> make_network(const Bundle& bundle, Device device,
                                             Precision precision) {
  if (computes_in_int8(device, precision))
    return make_int8_network(bundle);
  TorchOptions options;
  options.cuda = device == Device::Cuda;
  options.half = precision == Precision::Fp16;
  auto network = make_torch_network(bundle, options);
  // All but fp32 weights on the CPU were copied, so that the mapped file need not stay in memory.
  const bool used_in_place =
      device == Device::Cpu && precision == Precision::Fp32 && !has_half_weights(bundle);
  if (!used_in_place)
    bundle.weights.drop_pages();
  return network;
}

const char* precision_name(const Bundle& bundle, Precision precision) {
  if (precision == Precision::Int8)
    return "int8";
  return precision == Precision::Fp16 || has_half_weights(bundle) ? "fp16" : "fp32";
}

// "" where all is well. What cannot be tried cannot be run either, and the model says so.
std::string find_wrong_numbers(const NumericOperations& operations) {
  std::string difference;
  (void)guard_torch([&] { difference = check_numbers(operations); });
  return difference;
}

// An exception counts as a failure too: it would come with every caption, and the element goes on
// without captions rather than not at all. Memory of the GPU is another matter, for which there is
// a remedy.
Result<void> test_model(CaptionNetwork& network, const Bundle& bundle, CaptionerInfo& info) {
  SelfTestResult result;
  const auto ran = guard_torch([&] { result = run_self_test(network, bundle, info.precision); });
  if (!ran.ok()) {
    if (ran.error().kind == ErrorKind::OutOfMemory && info.device == kCudaName)
      return ran;
    result.difference = ran.error().message;
  } else if (result.is_absent) {
    return {};
  }
  info.self_test = result.difference.empty() ? SelfTestOutcome::Passed : SelfTestOutcome::Failed;
  if (result.difference.empty())
    return {};
  info.self_test_failure = "The model " + info.model_name + " fails its self-test with LibTorch " +
                           info.torch_version + ", " + info.engine + " kernels and precision " +
                           info.precision + ": " + result.difference +
                           ". Captions may be wrong here: choose precision " +
                           (info.precision == "fp32" ? "int8" : "fp32") +
                           ", install another build of LibTorch, or get the model again.";
  return {};
}

// The model describes its pictures in any case, because that also warms up; but where LibTorch is
// wrong, that is the cause to name.
Result<void> test_itself(LoadedNetwork& loaded, bool is_torch_on_cpu,
                         const NumericOperations& operations, CaptionerInfo& info) {
  const std::string wrong = is_torch_on_cpu ? find_wrong_numbers(operations) : "";
  const auto tested = test_model(*loaded.network, *loaded.bundle, info);
  if (!tested.ok())
    return tested;
  if (!wrong.empty()) {
    info.self_test = SelfTestOutcome::Failed;
    info.self_test_failure = wrong_numbers_sentence(wrong);
  }
  if (info.self_test == SelfTestOutcome::Failed)
    log_message(LogLevel::Warning, info.self_test_failure);
  return {};
}

}  // namespace

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

Result<OpenedNetwork> open_network(const CaptionerOptions& options, Device device,
                                   Precision precision, const NumericOperations& operations) {
  auto opened = open_bundle(options.model_dir,
                            precision == Precision::Int8 ? WeightFile::Int8 : WeightFile::Master);
  if (!opened.ok())
    return opened.error();

  OpenedNetwork made;
  made.loaded.bundle = std::make_unique<Bundle>(std::move(opened.value()));
  const Bundle& bundle = *made.loaded.bundle;
  CaptionerInfo& info = made.info;
  const auto guarded = guard_torch([&] {
    info.threads = options.threads > 0 ? options.threads : default_threads();
    use_threads(info.threads);
    allow_cudnn(options.cudnn);
    made.loaded.network = make_network(bundle, device, precision);
    info.torch_version = torch_version();
  });
  if (!guarded.ok())
    return guarded.error();
  info.model_name = bundle.config.name;
  info.device = device == Device::Cuda ? kCudaName : "cpu";
  info.precision = precision_name(bundle, precision);
  info.engine = made.loaded.network->kernels();
  info.input_width = bundle.config.input_width;
  info.input_height = bundle.config.input_height;
  info.grid_columns = bundle.config.grid_width();
  info.grid_rows = bundle.config.grid_height();
  const bool is_torch_on_cpu = device == Device::Cpu && !computes_in_int8(device, precision);
  const auto tested = test_itself(made.loaded, is_torch_on_cpu, operations, info);
  if (!tested.ok())
    return tested.error();
  return made;
}

}  // namespace jetsoncaption
