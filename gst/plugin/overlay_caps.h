// SPDX-License-Identifier: LGPL-2.1-or-later
// Agrees with downstream who draws captions: we on the pixels, or downstream from overlay
// composition metadata, where it says that it does so.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

namespace jetsoncaption {

// The caps on the other pad that go with these; the caller owns them. `direction` is that of the
// pad that `caps` belong to. Downstream may read overlay compositions that upstream does not make.
GstCaps* overlay_caps_of_other_pad(GstPadDirection direction, const GstCaps* caps);

// Takes caps that overlay_caps_of_other_pad() allows on the source pad and returns fixed ones, with
// overlay compositions only if downstream names them in its caps and in its answer to an ALLOCATION
// query. The caps are the decision: who gets them attaches if they have the feature. From the
// streaming thread.
GstCaps* choose_overlay_caps(GstPad* source_pad, GstCaps* candidates);

bool has_overlay_composition(const GstCaps* caps);

}  // namespace jetsoncaption
