// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element tells when its session has something to tell.
#pragma once

#include <functional>

#include <gst/gst.h>

#include "plugin/session/caption_session.h"

namespace jetsoncaption {

// Posts messages on the bus of `element`, and hands new captions to `captioned`. The element is
// borrowed: it outlives the session.
CaptionEvents make_caption_events(GstElement* element,
                                  std::function<void(const FrameCaption&)> captioned);

}  // namespace jetsoncaption
