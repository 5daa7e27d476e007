// SPDX-License-Identifier: LGPL-2.1-or-later
// The type of the element, for its registration.
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_JETSON_CAPTION (gst_jetson_caption_get_type())
G_DECLARE_FINAL_TYPE(GstJetsonCaption, gst_jetson_caption, GST, JETSON_CAPTION, GstBaseTransform)

G_END_DECLS
