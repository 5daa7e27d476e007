#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says when a word comes up in what a camera sees; without a word, all that it sees.

    watch.py [WORD [SOURCE [PROPERTIES]]]
    watch.py dog "v4l2src ! decodebin" "memory-threshold=800 beam-size=3"
"""
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstJetsonCaptionMeta", "1.0")
from gi.repository import GLib, Gst, GstJetsonCaptionMeta as Captions

TEST_PICTURES = "videotestsrc num-buffers=5"


# Two threads print: each line goes out in one piece.
def tell(line):
    print(line + "\n", end="", flush=True)


class Watch:
    def __init__(self, word="", source=TEST_PICTURES, properties=""):
        self.word = word
        self.failed = False
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.parse_launch(
            f"{source} ! videoconvert ! jetsoncaption name=captions overlay=false {properties} ! "
            "fakesink sync=true")
        pad = self.pipeline.get_by_name("captions").get_static_pad("src")
        pad.add_probe(Gst.PadProbeType.BUFFER, self.on_frame)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)

    # In the thread of the video, which waits for it. Captions are read from each frame here.
    def on_frame(self, _pad, info):
        meta = Captions.buffer_get_jetson_caption_meta(info.get_buffer())
        if meta is not None and meta.get_flags() & Captions.JetsonCaptionFlags.NEW:
            text = meta.get_text()
            if self.word in text:
                tell(f"{text} (confidence {meta.get_confidence():.2f})")
        return Gst.PadProbeReturn.OK

    # In the main loop: messages tell each caption once, and what goes wrong.
    def on_message(self, _bus, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ELEMENT and structure.get_name() == "jetsoncaption":
            frame, caption = structure.get_value("frame"), structure.get_value("caption")
            if structure.get_value("changed") and self.word in caption:
                tell(f"frame {frame} is the first to show: {caption}")
        elif message.type == Gst.MessageType.WARNING:
            self.on_warning(message)
        elif message.type == Gst.MessageType.ERROR:
            print(message.parse_error()[0].message, file=sys.stderr)
            self.failed = True
            self.loop.quit()
        elif message.type == Gst.MessageType.EOS:
            self.loop.quit()

    def on_warning(self, message):
        details = message.parse_warning_details()
        if details is not None and details.get_name() == "jetsoncaption-memory":
            value = details.get_value
            print(f"memory: {value('used-mb')} MB used, the threshold is "
                  f"{value('threshold-mb')} MB, action: {value('action')}", file=sys.stderr)
        else:
            print(message.parse_warning()[0].message, file=sys.stderr)

    def run(self):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self.loop.quit)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        return 1 if self.failed else 0


Gst.init(None)
try:
    sys.exit(Watch(*sys.argv[1:4]).run())
except GLib.Error as error:
    sys.exit(error.message)
