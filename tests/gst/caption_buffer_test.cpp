// SPDX-License-Identifier: LGPL-2.1-or-later
// What an engine says, which may be anything, becomes metadata that anybody may show.
#include "plugin/session/caption_buffer.h"

#include <algorithm>
#include <cstring>

#include <gst/gst.h>
#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

class CaptionBufferTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

TEST_F(CaptionBufferTest, HoldsNothingThatActsOnATerminalOrAScreen) {
  JetsonCaptionEngineCaption said = {};
  std::strcpy(said.text, "a \x1b]0;dog\x07 \u009b31m \u202egod\n");
  std::strcpy(said.tag_list[0].text, "\x1b[2J");
  said.tag_list[0].probability = 0.5;
  said.tags = 1;
  const CaptionBuffer caption(said, nullptr);
  EXPECT_STREQ(caption.meta().text, "a \uFFFD]0;dog\uFFFD \uFFFD31m \uFFFDgod ");
}

TEST_F(CaptionBufferTest, EndsWhereTheEngineForgotToEndIt) {
  JetsonCaptionEngineCaption said = {};
  std::fill_n(said.text, sizeof said.text, 'a');
  const CaptionBuffer caption(said, nullptr);
  EXPECT_EQ(std::strlen(caption.meta().text), sizeof said.text);
}

}  // namespace
}  // namespace jetsoncaption
