// SPDX-License-Identifier: LGPL-2.1-or-later
// Whoever drops a caption last, it is the thread that made it that frees it.
#include "plugin/session/captions_in_use.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "plugin/overlay/caption_renderer.h"

namespace jetsoncaption {
namespace {

class CaptionsInUseTest : public testing::Test {
 protected:
  CaptionsInUseTest() { gst_video_info_set_format(&job_.info, GST_VIDEO_FORMAT_GRAY8, 320, 240); }

  std::shared_ptr<const DrawnCaption> draw(const std::string& text) {
    return DrawnCaption::make(renderer_, text, job_.info, job_.style, job_.use);
  }
  static std::shared_ptr<const FrameCaption> caption(std::shared_ptr<const DrawnCaption> drawn) {
    auto made = std::make_shared<FrameCaption>();
    made->drawn = std::move(drawn);
    return made;
  }

  CaptionRenderer renderer_;
  CaptionJob job_;
  CaptionsInUse in_use_;
};

TEST_F(CaptionsInUseTest, AreFreedWhenItIsAskedForAndNotWhenTheyAreDropped) {
  auto held = caption(draw("a dog"));
  const std::weak_ptr<const FrameCaption> watched = held;
  const std::weak_ptr<const DrawnCaption> watched_drawn = held->drawn;
  in_use_.add(held);
  in_use_.free_unused();
  EXPECT_FALSE(watched.expired());
  held.reset();
  EXPECT_FALSE(watched.expired());
  in_use_.free_unused();
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(watched_drawn.expired());
}

// The overlay shows a caption on, without the rest, when the next one is not shown.
TEST_F(CaptionsInUseTest, LeaveWhatIsShownLongerThanTheyAre) {
  auto drawn = draw("a dog");
  const std::weak_ptr<const DrawnCaption> watched = drawn;
  in_use_.add(caption(drawn));
  in_use_.free_unused();
  drawn.reset();
  EXPECT_FALSE(watched.expired());
  in_use_.free_unused();
  EXPECT_TRUE(watched.expired());
}

TEST_F(CaptionsInUseTest, ShareWhatTheyLookLike) {
  auto first = caption(draw("a dog"));
  in_use_.add(first);
  EXPECT_EQ(in_use_.find_drawn("a dog", job_), first->drawn);
  EXPECT_EQ(in_use_.find_drawn("a cat", job_), nullptr);
  auto second = caption(in_use_.find_drawn("a dog", job_));
  in_use_.add(second);
  const std::weak_ptr<const DrawnCaption> watched = first->drawn;
  first.reset();
  in_use_.free_unused();
  EXPECT_FALSE(watched.expired());
  second.reset();
  in_use_.free_unused();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace jetsoncaption
