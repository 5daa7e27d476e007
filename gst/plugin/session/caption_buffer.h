// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as all of the plugin knows it: the metadata that goes on frames, on a buffer of its
// own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

#include "engine/engine_api.h"

namespace jetsoncaption {

// The memory that the engine writes words and maps of attention to.
struct AttentionRoom {
  // For so many words, in a caption that borrows it.
  AttentionRoom(unsigned words, unsigned columns, unsigned rows,
                JetsonCaptionEngineCaption& caption);

  unsigned columns;
  unsigned rows;
  std::vector<JetsonCaptionEngineWord> words;
  std::vector<float> maps;  // [words][rows][columns]
};

// Words, tags and maps are shared by all frames that it is put on.
class CaptionBuffer {
 public:
  // Nothing; to be replaced before it is used.
  CaptionBuffer() = default;

  // What the engine said, made valid: text ends, is UTF-8 and has nothing in it that acts on who
  // shows it (text/plain_text.h), numbers are in their range. `room`: the one of the caption; null
  // when no attention was asked for.
  CaptionBuffer(const JetsonCaptionEngineCaption& said, const AttentionRoom* room);

  // Which frame is described.
  void set_frame(uint64_t number, GstClockTime timestamp);

  // Of the flags TRUNCATED and HEDGED alone are known here.
  const GstJetsonCaptionMeta& meta() const { return *meta_; }
  GstJetsonCaptionFlags flags() const { return meta_->flags; }
  bool is_truncated() const { return (meta_->flags & GST_JETSON_CAPTION_FLAG_TRUNCATED) != 0; }
  bool is_hedged() const { return (meta_->flags & GST_JETSON_CAPTION_FLAG_HEDGED) != 0; }

  // On a writable buffer, in the place of what an element before may have put there. Any thread.
  void put_on(GstBuffer* frame, GstJetsonCaptionFlags flags) const;

 private:
  struct Unref {
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  };

  std::unique_ptr<GstBuffer, Unref> buffer_;
  GstJetsonCaptionMeta* meta_ = nullptr;  // on it
};

}  // namespace jetsoncaption
