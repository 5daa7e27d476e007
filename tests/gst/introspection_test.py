# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions on buffers as Python sees them, through the typelib."""
import sys
import unittest

try:
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
except (ImportError, ValueError) as problem:
    print(f"Skipped: {problem}. Install python3-gi and gir1.2-gstreamer-1.0.")
    sys.exit(77)

gi.require_version("GstJetsonCaptionMeta", "1.0")
from gi.repository import GstJetsonCaptionMeta

Flags = GstJetsonCaptionMeta.JetsonCaptionFlags


def make_buffer():
    return Gst.Buffer.new_allocate(None, 64, None)


def add(buffer, text):
    return GstJetsonCaptionMeta.buffer_add_jetson_caption_meta(
        buffer, text, 0.5, 3 * Gst.SECOND, 90, 40 * Gst.MSECOND, Flags.NEW | Flags.TRUNCATED)


def get(buffer):
    return GstJetsonCaptionMeta.buffer_get_jetson_caption_meta(buffer)


class CaptionMetaInPython(unittest.TestCase):
    def expect_caption(self, meta):
        self.assertEqual(meta.get_text(), "a dog runs")
        self.assertEqual(meta.get_confidence(), 0.5)
        self.assertEqual(meta.get_timestamp(), 3 * Gst.SECOND)
        self.assertEqual(meta.get_frame(), 90)
        self.assertEqual(meta.get_inference_time(), 40 * Gst.MSECOND)
        self.assertEqual(meta.get_flags(), Flags.NEW | Flags.TRUNCATED)

    def test_is_none_on_a_buffer_without_one(self):
        self.assertIsNone(get(make_buffer()))

    def test_is_read_by_the_getters(self):
        buffer = make_buffer()
        add(buffer, "a dog runs")
        self.expect_caption(get(buffer))

    def test_is_returned_when_added(self):
        buffer = make_buffer()
        self.expect_caption(add(buffer, "a dog runs"))

    def test_survives_a_copy_that_outlives_the_original(self):
        buffer = make_buffer()
        add(buffer, "a dog runs")
        copy = buffer.copy()
        del buffer
        self.expect_caption(get(copy))

    def test_text_outlives_the_buffer(self):
        buffer = make_buffer()
        text = add(buffer, "a dog runs").get_text()
        del buffer
        self.assertEqual(text, "a dog runs")

    def test_flags_are_told_apart(self):
        buffer = make_buffer()
        add(buffer, "a dog runs")
        self.assertTrue(get(buffer).get_flags() & Flags.NEW)
        self.assertFalse(get(buffer).get_flags() & Flags.STALE)

    def test_has_no_tags_unless_the_model_has(self):
        buffer = make_buffer()
        self.assertEqual(add(buffer, "a dog runs").get_n_tags(), 0)

    def test_has_getters_for_words_and_tags(self):
        meta = GstJetsonCaptionMeta.JetsonCaptionMeta
        for name in ("get_n_words", "get_word", "get_word_probability",
                     "get_n_tags", "get_tag", "get_tag_probability"):
            self.assertTrue(hasattr(meta, name), name)
        self.assertEqual(GstJetsonCaptionMeta.JETSON_CAPTION_META_MAX_TAGS, 32)

    def test_has_no_caption_without_text(self):
        with self.assertRaises(TypeError):
            add(make_buffer(), None)


if __name__ == "__main__":
    Gst.init(None)
    unittest.main()
