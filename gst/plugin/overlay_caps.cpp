// SPDX-License-Identifier: LGPL-2.1-or-later
// Agrees with downstream who draws captions.
#include "plugin/overlay_caps.h"

#include <gst/video/video.h>

#include "plugin/frames/frame_formats.h"

namespace jetsoncaption {

namespace {

constexpr const char* kFeature = GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION;

// The features of elements that take any, such as videocrop, name none and promise nothing:
// gst_caps_features_contains() would say that they contain each.
bool names(const GstCaps* caps, guint index, const char* feature) {
  const GstCapsFeatures* features = gst_caps_get_features(caps, index);
  return !gst_caps_features_is_any(features) && gst_caps_features_contains(features, feature);
}

bool has_feature(const GstCaps* caps, guint index) {
  return names(caps, index, kFeature);
}

bool is_nvmm(const GstCaps* caps, guint index) {
  return names(caps, index, JETSONCAPTION_NVMM_FEATURE);
}

// One structure of the caps, with or without the feature.
GstCaps* copy_with_feature(const GstCaps* caps, guint index, bool wanted) {
  GstCaps* copy = gst_caps_copy_nth(caps, index);
  GstCapsFeatures* features = gst_caps_get_features(copy, 0);
  if (wanted && !has_feature(copy, 0))
    gst_caps_features_add(features, kFeature);
  if (!wanted)
    gst_caps_features_remove(features, kFeature);
  return copy;
}

// Caps of elements that take anything, such as fakesink, name nothing.
bool names_feature(GstPad* source_pad) {
  GstCaps* caps = gst_pad_peer_query_caps(source_pad, nullptr);
  const bool names = !gst_caps_is_any(caps) && has_overlay_composition(caps);
  gst_caps_unref(caps);
  return names;
}

// Transforms downstream answer only when they know some caps, and give those of before again when
// others are pushed. So they get to know the plain ones, which they can live with in any case, and
// the others only if they are chosen: what an element makes of caps with the feature that it was
// never asked about is not known. Videocrop, for one, refuses them.
bool allocates_for_feature(GstPad* source_pad, GstCaps* plain, GstCaps* attached) {
  if (!gst_pad_has_current_caps(source_pad) && !gst_pad_set_caps(source_pad, plain))
    return false;
  GstQuery* query = gst_query_new_allocation(attached, FALSE);
  const bool found =
      gst_pad_peer_query(source_pad, query) &&
      gst_query_find_allocation_meta(query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
  gst_query_unref(query);
  return found;
}

// The first structure that has the feature, or the first that has not, fixed; null without any.
GstCaps* fixed(const GstCaps* candidates, bool with_feature) {
  for (guint i = 0; i < gst_caps_get_size(candidates); i++) {
    if (has_feature(candidates, i) == with_feature)
      return gst_caps_fixate(gst_caps_copy_nth(candidates, i));
  }
  return nullptr;
}

}  // namespace

bool has_overlay_composition(const GstCaps* caps) {
  for (guint i = 0; i < gst_caps_get_size(caps); i++) {
    if (has_feature(caps, i))
      return true;
  }
  return false;
}

GstCaps* overlay_caps_of_other_pad(GstPadDirection direction, const GstCaps* caps) {
  GstCaps* others = gst_caps_new_empty();
  for (guint i = 0; i < gst_caps_get_size(caps); i++) {
    if (is_nvmm(caps, i) || gst_caps_features_is_any(gst_caps_get_features(caps, i))) {
      // No sink of a Jetson board draws compositions, and any features are these too.
      gst_caps_append(others, gst_caps_copy_nth(caps, i));
    } else if (direction == GST_PAD_SINK) {
      // What upstream attached is not taken off again.
      gst_caps_append(others, copy_with_feature(caps, i, true));
      if (!has_feature(caps, i))
        gst_caps_append(others, gst_caps_copy_nth(caps, i));
    } else {
      if (has_feature(caps, i))
        gst_caps_append(others, copy_with_feature(caps, i, false));
      gst_caps_append(others, gst_caps_copy_nth(caps, i));
    }
  }
  return others;
}

GstCaps* choose_overlay_caps(GstPad* source_pad, GstCaps* candidates) {
  GstCaps* plain = fixed(candidates, false);
  GstCaps* attached = fixed(candidates, true);
  gst_caps_unref(candidates);
  if (plain == nullptr)
    return attached != nullptr ? attached : gst_caps_new_empty();
  if (attached == nullptr)
    return plain;
  const bool attaches =
      names_feature(source_pad) && allocates_for_feature(source_pad, plain, attached);
  gst_caps_unref(attaches ? plain : attached);
  return attaches ? attached : plain;
}

}  // namespace jetsoncaption
