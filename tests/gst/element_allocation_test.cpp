// SPDX-License-Identifier: LGPL-2.1-or-later
// What upstream is told of the buffers that downstream takes.
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

const PropertyValues kProperties = {{"model", "fake:text=a dog"}, {"mode", "every-frame"}};

// A type of metadata, registered when it is called: not before GStreamer is initialised.
using MetaApi = GType (*)();

// A started element before a sink that takes buffers with these metas, and the answer to an
// ALLOCATION query at the element's sink pad.
class AllocationHarness : public CaptionElement {
 public:
  AllocationHarness(const PropertyValues& properties, const std::vector<MetaApi>& taken)
      : CaptionElement(properties), harness_(gst_harness_new_with_element(get(), "sink", "src")) {
    for (const MetaApi api : taken)
      propose_allocation_meta(harness_, api());
    gst_harness_set_src_caps_str(
        harness_, "video/x-raw, format=GRAY8, width=320, height=240, framerate=30/1");
    // Downstream is asked when the first frame comes, or when the caps do.
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, gsize{320} * 240, nullptr);
    gst_buffer_memset(frame, 0, 100, gsize{320} * 240);
    EXPECT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
    gst_buffer_unref(gst_harness_pull(harness_));
    GstCaps* caps = gst_pad_get_current_caps(harness_->srcpad);
    answer_ = gst_query_new_allocation(caps, TRUE);
    gst_caps_unref(caps);
    EXPECT_TRUE(gst_pad_peer_query(harness_->srcpad, answer_));
  }
  ~AllocationHarness() {
    gst_query_unref(answer_);
    gst_element_set_state(get(), GST_STATE_NULL);
    gst_harness_teardown(harness_);
  }

  bool answers_with(MetaApi api) const {
    return gst_query_find_allocation_meta(answer_, api(), nullptr);
  }

 private:
  GstHarness* harness_;
  GstQuery* answer_ = nullptr;
};

TEST(Allocation, LetsUpstreamPadRowsWhereDownstreamDoes) {
  EXPECT_TRUE(AllocationHarness(kProperties, {gst_video_meta_api_get_type})
                  .answers_with(gst_video_meta_api_get_type));
}

TEST(Allocation, LetsNobodyPadRowsForDownstreamThatDoesNot) {
  EXPECT_FALSE(AllocationHarness(kProperties, {}).answers_with(gst_video_meta_api_get_type));
}

TEST(Allocation, KeepsCropsFromUpstreamBecauseTheyAreNotLookedAt) {
  const std::vector<MetaApi> taken = {gst_video_meta_api_get_type,
                                      gst_video_crop_meta_api_get_type};
  EXPECT_FALSE(
      AllocationHarness(kProperties, taken).answers_with(gst_video_crop_meta_api_get_type));
}

TEST(Allocation, PassesOtherMetasOn) {
  EXPECT_TRUE(AllocationHarness(kProperties, {gst_video_overlay_composition_meta_api_get_type})
                  .answers_with(gst_video_overlay_composition_meta_api_get_type));
}

// It may be enabled while frames pass, and upstream, which crops by then, is not asked again.
TEST(Allocation, IsTheSameWhenNotEnabled) {
  const PropertyValues disabled = {{"model", "fake:"}, {"enabled", "false"}};
  const std::vector<MetaApi> taken = {gst_video_meta_api_get_type,
                                      gst_video_crop_meta_api_get_type};
  const AllocationHarness harness(disabled, taken);
  EXPECT_TRUE(harness.answers_with(gst_video_meta_api_get_type));
  EXPECT_FALSE(harness.answers_with(gst_video_crop_meta_api_get_type));
}

}  // namespace
}  // namespace jetsoncaption
