// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns a caption into a picture of words on a box.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/page_vector.h"

namespace jetsoncaption {

enum class HAlign { Left = 0, Center = 1, Right = 2 };
enum class VAlign { Top = 0, Center = 1, Bottom = 2 };

// How captions look. The colours are ARGB with alpha in the highest byte, not premultiplied.
struct OverlayStyle {
  std::string font_desc;  // Pango font description; empty: Sans Bold; no size: by frame height
  uint32_t text_color = 0xFFFFFFFF;
  uint32_t background_color = 0x99000000;  // 60 % black
  HAlign halignment = HAlign::Center;
  VAlign valignment = VAlign::Bottom;
  int max_lines = 2;  // at least 1; what is longer ends with an ellipsis

  bool operator==(const OverlayStyle& other) const;
  bool operator!=(const OverlayStyle& other) const { return !(*this == other); }
};

// The frame a caption is made for.
struct FrameShape {
  int width = 0;              // pixels
  int height = 0;             // pixels
  double pixel_aspect = 1.0;  // width of a pixel divided by its height

  bool operator==(const FrameShape& other) const;
};

// A part of the frame, in pixels.
struct CaptionRect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  bool empty() const { return width <= 0 || height <= 0; }
};

// A caption and where it belongs. The corners lie on multiples of 4 or on the edge of the frame, so
// that no colour sample of a subsampled format is shared with pixels outside, in fields neither.
struct CaptionPicture {
  CaptionRect rect;            // inside the frame; empty: nothing to draw
  PageVector<uint8_t> pixels;  // A, R, G, B, 8 bits each, not premultiplied, rows without padding
};

// The fonts that captions are laid out with. Not thread-safe: they belong to one thread at a time.
class CaptionRenderer {
 public:
  CaptionRenderer();
  ~CaptionRenderer();
  CaptionRenderer(const CaptionRenderer&) = delete;
  CaptionRenderer& operator=(const CaptionRenderer&) = delete;

  // The picture of `text` for a frame of that shape, the same for the same arguments; takes
  // milliseconds, and longer the first time, when fonts are loaded. The text is shown literally,
  // never as markup; bytes that are not UTF-8 become U+FFFD and line breaks become blanks. Too
  // small a frame for a word, or a text without anything to see, gives an empty picture. Never
  // fails.
  CaptionPicture render(const std::string& text, const FrameShape& shape,
                        const OverlayStyle& style);

 private:
  struct Pango;

  std::unique_ptr<Pango> pango_;  // made at the first text, because loading fonts takes time
};

}  // namespace jetsoncaption
