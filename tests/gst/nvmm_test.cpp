// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in NVMM memory: what the model sees of them, what is drawn on them, and whose they are.
// Run once for each of NVIDIA's libraries and each kind of buffers.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "nvmm_harness.h"

namespace jetsoncaption {
namespace {

using fake_nvmm::Layout;
using fake_nvmm::Pixel;

constexpr Pixel kGray{100, 128, 128};
const PropertyValues kADog = {{"model", "fake:text=a dog"}, {"mode", "every-frame"}};
const PropertyValues kAverage = {{"model", "fake:"}, {"mode", "every-frame"}};

// At its end nothing may be left of the test, and nothing may have been done that is not to be.
class Nvmm : public testing::TestWithParam<NvmmFormat> {
 protected:
  void SetUp() override { fake_nvmm::forget_failures(); }
  void TearDown() override {
    EXPECT_EQ(fake_nvmm::errors(), std::vector<std::string>{});
    EXPECT_EQ(fake_nvmm::mapped_planes(), 0);
    EXPECT_EQ(fake_nvmm::live_surfaces(), 0);
  }

  NvmmFormat format() const { return GetParam(); }
};

std::string name_of(const testing::TestParamInfo<NvmmFormat>& tested) {
  return std::string(tested.param.format == GST_VIDEO_FORMAT_NV12 ? "Nv12" : "Rgba") +
         (tested.param.layout == Layout::Pitch ? "Pitch" : "BlockLinear");
}

INSTANTIATE_TEST_SUITE_P(Frames, Nvmm,
                         testing::Values(NvmmFormat{GST_VIDEO_FORMAT_NV12, Layout::BlockLinear},
                                         NvmmFormat{GST_VIDEO_FORMAT_NV12, Layout::Pitch},
                                         NvmmFormat{GST_VIDEO_FORMAT_RGBA, Layout::BlockLinear},
                                         NvmmFormat{GST_VIDEO_FORMAT_RGBA, Layout::Pitch}),
                         name_of);

// The same frame in system memory, as the element draws on it.
std::vector<Pixel> drawn_in_system_memory(const PropertyValues& properties,
                                          const NvmmFormat& format, const Pixel& pixel) {
  CaptionHarness harness(properties);
  harness.set_caps(format.format, format.width, format.height);
  GstVideoInfo info = harness.info();
  GstBuffer* frame = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  const auto for_each_pixel = [&](GstBuffer* buffer, GstMapFlags access, auto&& what) {
    GstVideoFrame mapped;
    ASSERT_TRUE(gst_video_frame_map(&mapped, &info, buffer, access));
    const uint8_t values[] = {pixel.a, pixel.b, pixel.c};
    for (int y = 0; y < format.height; y++) {
      for (int x = 0; x < format.width; x++) {
        uint8_t* components[3];
        for (guint i = 0; i < 3; i++)
          components[i] = static_cast<uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&mapped, i)) +
                          (y >> GST_VIDEO_FORMAT_INFO_H_SUB(info.finfo, i)) *
                              GST_VIDEO_FRAME_COMP_STRIDE(&mapped, i) +
                          (x >> GST_VIDEO_FORMAT_INFO_W_SUB(info.finfo, i)) *
                              GST_VIDEO_FRAME_COMP_PSTRIDE(&mapped, i);
        what(components, values);
      }
    }
    gst_video_frame_unmap(&mapped);
  };
  for_each_pixel(frame, GST_MAP_WRITE, [](uint8_t** components, const uint8_t* values) {
    for (int i = 0; i < 3; i++)
      *components[i] = values[i];
  });
  GstBuffer* passed = harness.pass(frame);
  std::vector<Pixel> pixels;
  for_each_pixel(passed, GST_MAP_READ, [&pixels](uint8_t** components, const uint8_t*) {
    pixels.push_back({*components[0], *components[1], *components[2]});
  });
  gst_buffer_unref(passed);
  return pixels;
}

int differences(const std::vector<Pixel>& left, const std::vector<Pixel>& right) {
  int count = left.size() == right.size() ? 0 : -1;
  for (size_t i = 0; count >= 0 && i < left.size(); i++)
    count += left[i] == right[i] ? 0 : 1;
  return count;
}

TEST_P(Nvmm, FramesShowTheModelWhatTheyShow) {
  NvmmHarness harness(kAverage, format());
  // The red of BT.601, or these very bytes.
  const bool is_nv12 = format().format == GST_VIDEO_FORMAT_NV12;
  GstBuffer* passed = harness.pass(is_nv12 ? Pixel{81, 90, 240} : Pixel{200, 100, 50});
  EXPECT_EQ(caption_of(passed), is_nv12 ? "average 254 0 0" : "average 200 100 50");
  gst_buffer_unref(passed);
}

TEST_P(Nvmm, FramesAreDrawnOnAsInSystemMemory) {
  NvmmHarness harness(kADog, format());
  GstBuffer* passed = harness.pass(kGray);
  const std::vector<Pixel> expected = drawn_in_system_memory(kADog, format(), kGray);
  EXPECT_EQ(differences(pixels_of(passed), expected), 0);
  EXPECT_FALSE(is_plain(passed, kGray));
  gst_buffer_unref(passed);
}

// Higher than what is copied to be drawn on at a time.
TEST_P(Nvmm, FramesTakeCaptionsOfAnySize) {
  for (const char* font : {"Sans 90", "Sans 150"}) {
    SCOPED_TRACE(font);
    PropertyValues properties = kADog;
    properties.emplace_back("font-desc", font);
    NvmmFormat large = format();
    large.width = 960;
    large.height = 722;
    NvmmHarness harness(properties, large);
    GstBuffer* passed = harness.pass(kGray);
    const std::vector<Pixel> expected = drawn_in_system_memory(properties, large, kGray);
    EXPECT_EQ(differences(pixels_of(passed), expected), 0);
    gst_buffer_unref(passed);
  }
}

TEST_P(Nvmm, FramesOfAnySizeAreDescribed) {
  for (const auto& size : {std::make_pair(16, 16), {64, 4096}, {4096, 64}, {1920, 1080}}) {
    SCOPED_TRACE(size.first);
    NvmmFormat sized = format();
    sized.width = size.first;
    sized.height = size.second;
    NvmmHarness harness(kADog, sized);
    GstBuffer* passed = harness.pass(kGray);
    EXPECT_EQ(caption_of(passed), "a dog");
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
    gst_buffer_unref(passed);
  }
}

TEST_P(Nvmm, FramesPassInTheirOwnBuffer) {
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = harness.make_frame(kGray);
  GstMemory* memory = gst_buffer_peek_memory(frame, 0);
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(passed, frame);
  EXPECT_EQ(gst_buffer_peek_memory(passed, 0), memory);
  gst_buffer_unref(passed);
}

TEST_P(Nvmm, FramesThatSomebodyElseHoldsAreCaptionedButNotDrawnOn) {
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = gst_buffer_ref(harness.make_frame(kGray));
  GST_BUFFER_DURATION(frame) = 33 * GST_MSECOND;
  GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_MARKER);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_NE(passed, frame);
  EXPECT_EQ(gst_buffer_peek_memory(passed, 0), gst_buffer_peek_memory(frame, 0));
  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_EQ(caption_of(frame), "");
  EXPECT_EQ(GST_BUFFER_PTS(passed), GST_BUFFER_PTS(frame));
  EXPECT_EQ(GST_BUFFER_DURATION(passed), GST_BUFFER_DURATION(frame));
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(passed, GST_BUFFER_FLAG_MARKER));
  EXPECT_TRUE(is_plain(passed, kGray));
  gst_buffer_unref(frame);
  gst_buffer_unref(passed);
}

// A buffer of one's own, but over the memory of another one: behind a tee and an element like this.
TEST_P(Nvmm, FramesWhoseMemoryIsSharedAreNotDrawnOn) {
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = harness.make_frame(kGray);
  GstBuffer* second = gst_buffer_new();
  gst_buffer_append_memory(second, gst_memory_ref(gst_buffer_peek_memory(frame, 0)));
  gst_buffer_add_parent_buffer_meta(second, frame);

  GstBuffer* passed = harness.pass(second);

  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_TRUE(is_plain(passed, kGray));
  gst_buffer_unref(frame);
  gst_buffer_unref(passed);
}

TEST_P(Nvmm, SharedFramesAreNotRecycledWhileTheyAreLookedAt) {
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = gst_buffer_ref(harness.make_frame(kGray));
  GstBuffer* held = harness.pass(frame);
  gst_buffer_unref(frame);
  for (int i = 0; i < 20; i++)
    harness.pass_and_drop({200, 90, 90});
  EXPECT_TRUE(is_plain(held, kGray));
  gst_buffer_unref(held);
}

// The pool throws away a frame that comes back while its memory is still in use, and makes another.
TEST_P(Nvmm, SharedFramesGoBackToTheirPool) {
  NvmmHarness harness(kADog, format());
  harness.pass_and_drop(kGray);
  const int created = fake_nvmm::created_surfaces();
  for (int i = 0; i < 50; i++) {
    GstBuffer* frame = gst_buffer_ref(harness.make_frame(kGray));
    GstBuffer* shared = harness.pass(frame);
    gst_buffer_unref(frame);
    gst_buffer_unref(shared);
  }
  EXPECT_EQ(fake_nvmm::created_surfaces(), created);
}

// The structure has room for one address of a plane, and an element before this one may be using
// it.
TEST_P(Nvmm, FramesThatAreMappedAlreadyStayMapped) {
  if (is_nvbuf_utils())
    GTEST_SKIP() << "each mapping has an address of its own there";
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = harness.make_frame(kGray);
  {
    const NvmmMapped mapped(frame);
    EXPECT_EQ(harness.pass(frame), frame);
    EXPECT_TRUE(mapped.is_mapped());
  }
  EXPECT_FALSE(is_plain(frame, kGray));
  gst_buffer_unref(frame);
}

// make_frame() fails the test when the pool has none left.
TEST_P(Nvmm, FramesAreNotKeptWhileTheModelIsBusy) {
  NvmmHarness harness({{"model", "fake:delay-ms=100000"}, {"mode", "live"}}, format());
  for (int i = 0; i < 100; i++)
    harness.pass_and_drop(kGray);
  EXPECT_EQ(harness.stat("frames"), 100u);
}

TEST_P(Nvmm, FramesPassUntouchedWhenDisabled) {
  PropertyValues properties = kADog;
  properties.emplace_back("enabled", "false");
  NvmmHarness harness(properties, format());
  GstBuffer* frame = gst_buffer_ref(harness.make_frame(kGray));
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(passed, frame);
  EXPECT_TRUE(is_plain(passed, kGray));
  gst_buffer_unref(frame);
  gst_buffer_unref(passed);
}

TEST_P(Nvmm, CapsMayChangeWhilePlaying) {
  NvmmHarness harness(kADog, format());
  for (const int width : {640, 320, 1280, 64}) {
    for (const GstVideoFormat video : {GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_NV12}) {
      NvmmFormat changed = format();
      changed.format = video;
      changed.width = width;
      changed.height = width / 2;
      harness.set_format(changed);
      GstBuffer* passed = harness.pass(kGray);
      const auto expected = drawn_in_system_memory(kADog, changed, kGray);
      EXPECT_EQ(differences(pixels_of(passed), expected), 0) << width;
      gst_buffer_unref(passed);
    }
  }
}

// Two copies at most: what the model sees, and what is drawn on.
TEST_P(Nvmm, NoMoreMemoryIsTakenForMoreFrames) {
  NvmmHarness harness(kADog, format());
  harness.pass_and_drop(kGray);
  const int surfaces = fake_nvmm::live_surfaces();
  for (int i = 0; i < 50; i++)
    harness.pass_and_drop(kGray);
  EXPECT_EQ(fake_nvmm::live_surfaces(), surfaces);
  const int pool = 6;
  EXPECT_LE(surfaces, pool + 2);
}

TEST_P(Nvmm, EverythingIsGivenBackWhenStopped) {
  NvmmHarness harness(kADog, format());
  harness.pass_and_drop(kGray);
  ASSERT_EQ(gst_element_set_state(harness.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  const int pool = 6;
  EXPECT_EQ(fake_nvmm::live_surfaces(), pool);
}

TEST_P(Nvmm, FramesUnlikeTheirCapsPassWithAWarning) {
  NvmmHarness harness(kADog, format());
  NvmmFormat other = format();
  other.width = 320;
  NvmmHarness foreign(kADog, other);
  GstBuffer* passed = harness.pass(foreign.make_frame(kGray));
  GstMessage* warning = harness.wait_for_message(GST_MESSAGE_WARNING, GST_SECOND);
  ASSERT_NE(warning, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(warning, &error, nullptr);
  EXPECT_NE(std::string(error->message).find("320x480"), std::string::npos) << error->message;
  EXPECT_TRUE(is_plain(passed, kGray));
  g_error_free(error);
  gst_message_unref(warning);
  gst_buffer_unref(passed);
}

TEST_P(Nvmm, BuffersThatHoldNoSurfacePassWithAWarning) {
  for (const gsize size : {gsize{0}, gsize{8}, gsize{64}, gsize{4096}}) {
    SCOPED_TRACE(size);
    NvmmHarness harness(kADog, format());
    GstBuffer* buffer = gst_buffer_new();
    if (size > 0) {
      gst_buffer_append_memory(buffer, gst_allocator_alloc(nullptr, size, nullptr));
      gst_buffer_memset(buffer, 0, 0, size);
    }
    gst_buffer_unref(harness.pass(buffer));
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
  }
}

// Its caption would be taken for one of all of them.
TEST_P(Nvmm, FramesOfSeveralStreamsInOneBufferPassWithAWarning) {
  if (is_nvbuf_utils())
    GTEST_SKIP() << "such buffers came with NvBufSurface";
  NvmmHarness harness(kADog, format());
  GstBuffer* frame = harness.make_frame(kGray);
  fill_nvmm_frame(frame, 2);
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(passed), nullptr);
  fill_nvmm_frame(passed, 1);
  gst_buffer_unref(passed);
}

// Each function that can fail.
std::vector<std::string> functions() {
  if (is_nvbuf_utils())
    return {"NvBufferGetParams",     "NvBufferCreateEx",         "NvBufferMemMap",
            "NvBufferMemSyncForCpu", "NvBufferMemSyncForDevice", "NvBufferTransform"};
  return {"NvBufSurfaceCreate", "NvBufSurfaceMap", "NvBufSurfaceSyncForCpu",
          "NvBufSurfaceSyncForDevice", "NvBufSurfTransform"};
}

TEST_P(Nvmm, NoFailureOfTheHardwareEndsTheStream) {
  for (const std::string& function : functions()) {
    for (int after = 0; after < 8; after++) {
      SCOPED_TRACE(function + " after " + std::to_string(after));
      NvmmHarness harness(kADog, format());
      fake_nvmm::fail(function, 1, after);
      for (int i = 0; i < 5; i++)
        harness.pass_and_drop(kGray);
      EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
      EXPECT_LE(harness.count_messages(GST_MESSAGE_WARNING), 2);
      GstBuffer* passed = harness.pass(kGray);
      EXPECT_EQ(caption_of(passed), "a dog") << "one failure is got over";
      gst_buffer_unref(passed);
      fake_nvmm::fail(function, 0);
    }
  }
}

TEST_P(Nvmm, AFailureThatLastsIsReportedOnce) {
  for (const std::string& function : functions()) {
    SCOPED_TRACE(function);
    const bool is_for_drawing_only = function.find("SyncForDevice") != std::string::npos;
    NvmmHarness harness(kADog, format());
    fake_nvmm::fail(function, 1000000);
    for (int i = 0; i < 5; i++)
      harness.pass_and_drop(kGray);
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
    EXPECT_EQ(harness.stat("captions"), is_for_drawing_only ? 5u : 0u);
    fake_nvmm::fail(function, 0);
  }
}

TEST_P(Nvmm, WhereDrawingFailsTheWarningNamesTheWayAround) {
  NvmmHarness harness(kADog, format());
  fake_nvmm::fail(is_nvbuf_utils() ? "NvBufferMemSyncForDevice" : "NvBufSurfaceSyncForDevice");
  for (int i = 0; i < 5; i++) {
    GstBuffer* passed = harness.pass(kGray);
    EXPECT_EQ(caption_of(passed), "a dog");
    if (i == 1) {
      EXPECT_TRUE(is_plain(passed, kGray)) << "tried again at once";
    }
    if (i > 1) {
      EXPECT_FALSE(is_plain(passed, kGray)) << "not tried again";
    }
    gst_buffer_unref(passed);
  }
  GstMessage* warning = harness.wait_for_message(GST_MESSAGE_WARNING, 0);
  ASSERT_NE(warning, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(warning, &error, nullptr);
  const char* remedy =
      format().layout == Layout::BlockLinear ? "nvvidconv bl-output=false" : "nvvidconv !";
  EXPECT_NE(std::string(error->message).find(remedy), std::string::npos) << error->message;
  g_error_free(error);
  gst_message_unref(warning);
}

TEST_P(Nvmm, WhereDrawingFailsAgainAndAgainItIsTriedSeldom) {
  NvmmHarness harness(kADog, format());
  const int planes = format().format == GST_VIDEO_FORMAT_NV12 ? 2 : 1;
  fake_nvmm::fail(is_nvbuf_utils() ? "NvBufferMemSyncForDevice" : "NvBufSurfaceSyncForDevice",
                  3 * planes);
  int plain = 0;
  for (int i = 0; i < 20; i++) {
    GstBuffer* passed = harness.pass(kGray);
    plain += is_plain(passed, kGray) ? 1 : 0;
    gst_buffer_unref(passed);
  }
  EXPECT_GE(plain, 7) << "after three failures one, two and four frames are left out";
  EXPECT_LT(plain, 20);
}

TEST_P(Nvmm, DrawingIsTriedAgainWithNewCaps) {
  NvmmHarness harness(kADog, format());
  fake_nvmm::fail(is_nvbuf_utils() ? "NvBufferMemSyncForDevice" : "NvBufSurfaceSyncForDevice");
  harness.pass_and_drop(kGray);
  NvmmFormat changed = format();
  changed.width = 320;
  harness.set_format(changed);
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_FALSE(is_plain(passed, kGray));
  gst_buffer_unref(passed);
}

}  // namespace
}  // namespace jetsoncaption
