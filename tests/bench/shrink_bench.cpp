// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures how long frames of 1080p take to become the model's input, on one thread.
//
//   build/tests/bench/shrink_bench [RUNS]
//
// Prints the least and the median time of reading a frame, which the streaming thread does, of
// finishing the picture, which another one does, and of both; and the time of a whole RGB picture,
// as the tools shrink it. Frames take turns, so that they come from memory as those of a camera do.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gst/video/video.h>

#include "gst/test_frame.h"
#include "image/shrinker.h"
#include "plugin/frames/frame_shrink.h"

namespace jetsoncaption {
namespace {

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;
constexpr int kSide = 224;
constexpr int kFrames = 8;

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Times {
 public:
  void add(Clock::duration duration) { times_ms_.push_back(milliseconds(duration)); }
  std::string text() {
    std::sort(times_ms_.begin(), times_ms_.end());
    char text[64];
    std::snprintf(text, sizeof text, "%8.3f%8.3f", times_ms_.front(),
                  times_ms_[times_ms_.size() / 2]);
    return text;
  }

 private:
  std::vector<double> times_ms_;
};

std::vector<std::unique_ptr<TestFrame>> make_frames(GstVideoFormat format) {
  std::vector<std::unique_ptr<TestFrame>> frames;
  for (int i = 0; i < kFrames; ++i) {
    frames.push_back(std::make_unique<TestFrame>(format, kWidth, kHeight));
    uint32_t noise = static_cast<uint32_t>(i) + 1;
    const GstMapInfo& map = frames.back()->get()->map[0];
    for (gsize at = 0; at < map.size; ++at) {
      noise = noise * 1664525 + 1013904223;
      map.data[at] = static_cast<uint8_t>(noise >> 24);
    }
  }
  return frames;
}

void measure_frames(const char* name, int runs) {
  const auto frames = make_frames(gst_video_format_from_string(name));
  FrameShrinker shrinker(frames.front()->get()->info, kSide, kSide);
  std::vector<uint8_t> rgb(static_cast<size_t>(kSide) * kSide * 3);
  Times reading, finishing, both;
  for (int i = 0; i < runs; ++i) {
    const Clock::time_point begin = Clock::now();
    shrinker.read(frames[static_cast<size_t>(i % kFrames)]->get());
    const Clock::time_point read = Clock::now();
    shrinker.finish(rgb.data());
    const Clock::time_point end = Clock::now();
    reading.add(read - begin);
    finishing.add(end - read);
    both.add(end - begin);
  }
  std::printf("%-8s%s%s%s\n", name, reading.text().c_str(), finishing.text().c_str(),
              both.text().c_str());
}

void measure_pictures(int runs) {
  const auto frames = make_frames(GST_VIDEO_FORMAT_RGB);
  Shrinker shrinker;
  std::vector<uint8_t> rgb(static_cast<size_t>(kSide) * kSide * 3);
  Times times;
  for (int i = 0; i < runs; ++i) {
    const GstVideoFrame* frame = frames[static_cast<size_t>(i % kFrames)]->get();
    const ImageView view = {static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(frame, 0)),
                            kWidth, kHeight,
                            static_cast<size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0))};
    const Clock::time_point begin = Clock::now();
    if (!shrinker.shrink_to(view, kSide, kSide, rgb.data()).ok())
      std::exit(1);
    times.add(Clock::now() - begin);
  }
  std::printf("picture %s%s%s\n", std::string(16, ' ').c_str(), std::string(16, ' ').c_str(),
              times.text().c_str());
}

}  // namespace
}  // namespace jetsoncaption

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 200;
  std::printf(
      "ms              read          finish            both\n"
      "           min     p50     min     p50     min     p50\n");
  for (const char* format : {"RGB", "RGBx", "NV12", "I420", "YUY2"})
    jetsoncaption::measure_frames(format, runs);
  jetsoncaption::measure_pictures(runs);
  return 0;
}
