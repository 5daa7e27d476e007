// SPDX-License-Identifier: LGPL-2.1-or-later
// What the captioners of both engines share: all but who keeps the network at work.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "captioner/caption_network.h"
#include "captioner/captioner.h"
#include "captioner/tag_evidence.h"
#include "image/shrinker.h"

namespace jetsoncaption {

struct LoadedNetwork {
  std::shared_ptr<const Bundle> bundle;  // the network may point into it
  std::unique_ptr<CaptionNetwork> network;
};

// Threads in range and a model named: what needs no file. InvalidArgument.
Result<void> check_captioner_options(const CaptionerOptions& options);

// What a bundle and its network say of themselves; the rest is the caller's.
CaptionerInfo info_of(const LoadedNetwork& loaded);

// Runs the self-test of the bundle and writes its outcome into `info`, which has the rest already.
// Takes a caption or two. May throw what the network throws.
void test_network(const LoadedNetwork& loaded, CaptionerInfo& info);

// The outcome of a self-test that differs, or could not be run: what was different.
void write_self_test_failure(const std::string& difference, CaptionerInfo& info);

class NetworkCaptioner : public Captioner {
 public:
  Result<Caption> describe(const ImageView& image, const DescribeOptions& options) override;
  void cancel(uint64_t number) override;
  CaptionerInfo info() const override;
  CaptionTimes last_times() const override { return times_; }

 protected:
  using Work = std::function<void(const LoadedNetwork&)>;

  // Lets `work` use the network, again from its beginning where the first try ran out of memory,
  // and turns what it throws into an error.
  virtual Result<void> run(const Work& work) = 0;

  // Before the first describe(), and within run() when another network takes the place.
  void use(const LoadedNetwork& loaded, CaptionerInfo info);
  void set_device_fallback(const std::string& sentence);

 private:
  using Clock = std::chrono::steady_clock;

  bool is_cancelled(const DescribeOptions& options) const;
  Caption describe_picture(const LoadedNetwork& loaded, const DescribeOptions& options,
                           Clock::time_point start);

  Shrinker shrinker_;
  Image picture_;  // of the input size
  CaptionTimes times_;
  std::atomic<uint64_t> cancelled_below_{0};  // captions with lower numbers
  TagEvidence evidence_;                      // of the picture that is described
  mutable std::mutex info_mutex_;             // of info_, which changes while describe() runs
  CaptionerInfo info_;
};

}  // namespace jetsoncaption
