// SPDX-License-Identifier: LGPL-2.1-or-later
// The Captioner of a bundle: describes images with the network that a NetworkKeeper keeps at work.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "captioner/captioner.h"
#include "captioner/network_opener.h"
#include "captioner/tag_evidence.h"
#include "image/preprocess.h"
#include "torch/network_keeper.h"

namespace jetsoncaption {

class BundleCaptioner : public Captioner {
 public:
  // As open_network(). Tests bring their own, for a GPU that they do not have.
  using NetworkOpener =
      std::function<Result<OpenedNetwork>(const CaptionerOptions&, Device, Precision)>;

  // Device and precision are what was chosen: not Auto. The other options are taken as they are.
  static Result<std::unique_ptr<Captioner>> load(const CaptionerOptions& options, Device device,
                                                 Precision precision, NetworkOpener opener);

  Result<Caption> describe(const ImageView& image, const DescribeOptions& options) override;
  void cancel() override { cancelled_ = true; }
  void trim_memory() override;
  uint64_t device_memory_bytes() const override;
  CaptionerInfo info() const override;
  CaptionTimes last_times() const override { return times_; }

 private:
  using Clock = std::chrono::steady_clock;

  BundleCaptioner(const CaptionerOptions& options, Device device, Precision precision,
                  NetworkOpener opener);

  bool is_on_cuda() const { return info().device == "cuda"; }
  NetworkKeeper::Makers makers(Device device, Precision precision);
  Result<LoadedNetwork> open_on_cpu_instead();
  Result<LoadedNetwork> open(Device device, Precision precision);
  Result<void> run(const NetworkKeeper::Work& work);
  Caption describe_picture(const LoadedNetwork& loaded, const DescribeOptions& options,
                           Clock::time_point start);

  const CaptionerOptions options_;
  const NetworkOpener opener_;
  NetworkKeeper keeper_;
  int threads_ = 1;
  Shrinker shrinker_;
  Image picture_;  // of the input size
  CaptionTimes times_;
  std::atomic<bool> cancelled_{false};
  TagEvidence evidence_;           // of the picture that is described
  mutable std::mutex info_mutex_;  // of info_, which changes while describe() runs
  CaptionerInfo info_;
};

}  // namespace jetsoncaption
