// SPDX-License-Identifier: LGPL-2.1-or-later
// From the structures of the engine's API to metadata.
#include "plugin/session/caption_buffer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "text/plain_text.h"

namespace jetsoncaption {

namespace {

static_assert(JETSONCAPTION_ENGINE_MAX_WORDS <= GST_JETSON_CAPTION_META_MAX_WORDS,
              "no word is lost");
static_assert(JETSONCAPTION_ENGINE_MAX_TAGS <= GST_JETSON_CAPTION_META_MAX_TAGS, "no tag is lost");

// What comes from another module is not trusted to end, nor to be only text.
template <size_t kSize>
std::string plain(const char (&text)[kSize]) {
  return replace_active_characters({text, strnlen(text, kSize)});
}

using SetList = gboolean (*)(GstJetsonCaptionMeta*, const gchar* const*, const gdouble*, guint);

// JetsonCaptionEngineWord or JetsonCaptionEngineTag.
template <size_t kMost, typename Entry>
void set_list(GstJetsonCaptionMeta* meta, SetList set, const Entry* entries, size_t count) {
  std::array<std::string, kMost> texts;
  std::array<const gchar*, kMost> pointers{};
  std::array<gdouble, kMost> probabilities{};
  count = std::min(count, kMost);
  for (size_t i = 0; i < count; ++i) {
    texts[i] = plain(entries[i].text);
    pointers[i] = texts[i].c_str();
    probabilities[i] = entries[i].probability;
  }
  set(meta, pointers.data(), probabilities.data(), static_cast<guint>(count));
}

GstClockTime nanoseconds(double milliseconds) {
  return milliseconds > 0 ? static_cast<GstClockTime>(milliseconds * GST_MSECOND) : 0;
}

}  // namespace

AttentionRoom::AttentionRoom(unsigned max_words, unsigned map_columns, unsigned map_rows,
                             JetsonCaptionEngineCaption& caption)
    : columns(map_columns),
      rows(map_rows),
      words(max_words),
      maps(size_t{max_words} * columns * rows) {
  caption.word_list = words.data();
  caption.word_capacity = max_words;
  caption.attention = maps.data();
  caption.attention_capacity = maps.size();
}

CaptionBuffer::CaptionBuffer(const JetsonCaptionEngineCaption& said, const AttentionRoom* room)
    : buffer_(gst_buffer_new()) {
  meta_ = gst_buffer_add_jetson_caption_meta(
      buffer_.get(), plain(said.text).c_str(), said.confidence, GST_CLOCK_TIME_NONE, 0,
      nanoseconds(said.inference_ms),
      static_cast<GstJetsonCaptionFlags>(
          (said.truncated != 0 ? GST_JETSON_CAPTION_FLAG_TRUNCATED : 0) |
          (said.hedged != 0 ? GST_JETSON_CAPTION_FLAG_HEDGED : 0)));
  set_list<GST_JETSON_CAPTION_META_MAX_TAGS>(meta_, gst_jetson_caption_meta_set_tags, said.tag_list,
                                             said.tags);
  if (room == nullptr)
    return;
  const size_t words =
      std::min<size_t>({said.words, room->words.size(), size_t{GST_JETSON_CAPTION_META_MAX_WORDS}});
  set_list<GST_JETSON_CAPTION_META_MAX_WORDS>(meta_, gst_jetson_caption_meta_set_words,
                                              room->words.data(), words);
  if (words > 0)
    gst_buffer_set_jetson_caption_attention(buffer_.get(), room->maps.data(),
                                            static_cast<guint>(words), room->columns, room->rows);
}

void CaptionBuffer::set_frame(uint64_t number, GstClockTime timestamp) {
  meta_->frame = number;
  meta_->timestamp = timestamp;
}

void CaptionBuffer::put_on(GstBuffer* frame, GstJetsonCaptionFlags flags) const {
  gst_buffer_set_jetson_caption_attention(frame, nullptr, 0, 0, 0);
  gst_buffer_copy_into(frame, buffer_.get(), GST_BUFFER_COPY_META, 0, static_cast<gsize>(-1));
  if (GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame))
    meta->flags = flags;
}

}  // namespace jetsoncaption
