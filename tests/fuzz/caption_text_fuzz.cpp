// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of a caption, as a model of a stranger may write them, on their way through the
// element: into metadata, onto a frame and onto the bus. The first byte chooses the style of the
// overlay, the second the frame and what becomes of the overlay.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <gst/gst.h>

#include "expect.h"
#include "gst/test_frame.h"
#include "plugin/messages.h"
#include "plugin/overlay/caption_renderer.h"
#include "plugin/overlay/drawn_caption.h"
#include "plugin/session/caption_buffer.h"
#include "text/plain_text.h"

GST_DEBUG_CATEGORY(gst_jetson_caption_debug);  // the element's, which its messages use

using namespace jetsoncaption;

namespace {

constexpr size_t kGrowth = 3;  // U+FFFD has three bytes and may take the place of one

// GLib is asked too: what replaces characters and what finds them may be wrong in the same way.
void expect_plain(const gchar* text, size_t most_bytes) {
  expect(text != nullptr && std::strlen(text) <= most_bytes);
  expect(g_utf8_validate(text, -1, nullptr) != FALSE);
  expect(find_active_character(text) == nullptr);
  for (const gchar* at = text; *at != '\0'; at = g_utf8_next_char(at))
    expect(g_unichar_iscntrl(g_utf8_get_char(at)) == FALSE);
}

// May leave a text without its end.
template <size_t kSize>
void fill(char (&text)[kSize], const std::string& bytes) {
  std::memcpy(text, bytes.data(), std::min(bytes.size(), kSize));
}

// Text, word and tag begin alike.
CaptionBuffer make_caption(const std::string& bytes) {
  JetsonCaptionEngineCaption said = {};
  AttentionRoom room(1, 1, 1, said);
  fill(said.text, bytes);
  fill(room.words[0].text, bytes);
  fill(said.tag_list[0].text, bytes);
  said.words = 1;
  said.tags = 1;
  said.confidence = 1;
  return {said, &room};
}

void expect_metadata(const CaptionBuffer& caption) {
  const std::unique_ptr<GstBuffer, decltype(&gst_buffer_unref)> frame(gst_buffer_new(),
                                                                      gst_buffer_unref);
  caption.put_on(frame.get(), caption.flags());
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame.get());
  expect(meta != nullptr && gst_jetson_caption_meta_get_n_words(meta) == 1 &&
         gst_jetson_caption_meta_get_n_tags(meta) == 1);
  constexpr size_t kMostBytes = kGrowth * JETSONCAPTION_ENGINE_WORD_SIZE;
  expect_plain(gst_jetson_caption_meta_get_text(meta), kGrowth * JETSONCAPTION_ENGINE_TEXT_SIZE);
  expect_plain(gst_jetson_caption_meta_get_word(meta, 0), kMostBytes);
  expect_plain(gst_jetson_caption_meta_get_tag(meta, 0), kMostBytes);
}

OverlayStyle choose_style(unsigned choice) {
  constexpr const char* kFonts[] = {"Sans Bold", "Serif 6", "Monospace 40px", "Sans 1000px"};
  OverlayStyle style;
  style.font_desc = kFonts[choice % std::size(kFonts)];
  choice /= static_cast<unsigned>(std::size(kFonts));
  style.halignment = static_cast<HAlign>(choice % 3);
  style.valignment = static_cast<VAlign>(choice / 3 % 3);
  style.max_lines = 1 + static_cast<int>(choice / 9);
  return style;
}

TestFrame choose_frame(unsigned choice) {
  const GstVideoFormat format = choice % 2 == 0 ? GST_VIDEO_FORMAT_I420 : GST_VIDEO_FORMAT_RGBx;
  return choice / 2 % 2 == 0 ? TestFrame(format, 320, 240) : TestFrame(format, 161, 91);
}

void draw(CaptionRenderer& renderer, const std::string& text, const OverlayStyle& style,
          CaptionUse use, GstVideoFrame* frame) {
  const auto drawn = DrawnCaption::make(renderer, text, frame->info, style, use);
  const CaptionRect& rect = drawn->rect();
  expect(rect.empty() ||
         (rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= GST_VIDEO_FRAME_WIDTH(frame) &&
          rect.y + rect.height <= GST_VIDEO_FRAME_HEIGHT(frame)));
  if (use == CaptionUse::Blend)
    drawn->blend(frame);
  else
    expect((drawn->rectangle() == nullptr) == rect.empty());
}

// Libraries say so where we break a promise. GLib could end the process itself, but with a signal
// that libFuzzer does not know.
void end_at_critical(const gchar* domain, GLogLevelFlags level, const gchar* message,
                     gpointer data) {
  g_log_default_handler(domain, level, message, data);
  expect((level & G_LOG_LEVEL_CRITICAL) == 0);
}

// The fonts, and a bin with the element's signal in the place of the element, which would need an
// engine. Made once.
class Stage {
 public:
  Stage() {
    // To find the plugins of the system would take seconds, and none is needed.
    g_setenv("GST_REGISTRY_DISABLE", "yes", TRUE);
    g_log_set_default_handler(end_at_critical, nullptr);
    gst_init(nullptr, nullptr);
    GST_DEBUG_CATEGORY_INIT(gst_jetson_caption_debug, "jetsoncaption", 0, "image captioner");
    g_signal_new("caption", GST_TYPE_BIN, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                 G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_DOUBLE, G_TYPE_UINT64);
    element_.reset(GST_ELEMENT(gst_object_ref_sink(gst_bin_new("captioner"))));
    bus_.reset(gst_bus_new());
    gst_element_set_bus(element_.get(), bus_.get());
  }

  CaptionRenderer& renderer() { return renderer_; }

  void expect_message(CaptionBuffer caption) {
    FrameCaption finished;
    finished.caption = std::move(caption);
    BusMessages(element_.get(), settings_).captioned(finished);
    const std::unique_ptr<GstMessage, decltype(&gst_message_unref)> message(gst_bus_pop(bus_.get()),
                                                                            gst_message_unref);
    expect(message != nullptr);
    const gchar* said =
        gst_structure_get_string(gst_message_get_structure(message.get()), "caption");
    expect(said != nullptr && std::strcmp(said, finished.text()) == 0);
  }

 private:
  struct Unref {
    void operator()(gpointer object) const { gst_object_unref(object); }
  };

  CaptionRenderer renderer_;
  SharedSettings settings_;
  std::unique_ptr<GstBus, Unref> bus_;
  std::unique_ptr<GstElement, Unref> element_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Stage stage;
  if (size < 2)
    return 0;
  const unsigned choice = data[1];
  const CaptionUse use = choice / 4 % 2 == 0 ? CaptionUse::Blend : CaptionUse::Attach;
  CaptionBuffer caption =
      make_caption(std::string(reinterpret_cast<const char*>(data) + 2, size - 2));
  expect_metadata(caption);
  draw(stage.renderer(), caption.meta().text, choose_style(data[0]), use,
       choose_frame(choice).get());
  stage.expect_message(std::move(caption));
  return 0;
}
