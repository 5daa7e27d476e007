# SPDX-License-Identifier: LGPL-2.1-or-later
"""Raises what nobody catches while captions are made. For exit_in_pipeline_test.cpp.

    raise_in_pipeline.py PLUGINS PROPERTIES watch|handler MILLISECONDS

It raises so long after the first caption, and prints the element's state before. With "handler" the
thread that captions is in Python most of the time. PLUGINS is the folder of GStreamer's plugins.
"""
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst


class Application:
    def __init__(self, properties, has_handler):
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.parse_launch(
            "videotestsrc ! video/x-raw,width=320,height=240 ! jetsoncaption name=captioner "
            f"{properties} ! fakesink sync=false")
        self.captioner = self.pipeline.get_by_name("captioner")
        if has_handler:
            self.captioner.connect("caption", self.on_caption)
        # The watch keeps the application, and so the pipeline, until the process ends. A pipeline
        # that is given up while it plays crashes in GStreamer, whatever is in it.
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)

    def on_caption(self, _captioner, _text, _confidence, _timestamp):
        time.sleep(0.005)

    def on_message(self, _bus, message):
        if message.type in (Gst.MessageType.ELEMENT, Gst.MessageType.ERROR):
            self.loop.quit()

    def run(self, milliseconds):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        time.sleep(milliseconds / 1000)
        print(self.captioner.get_property("stats").get_value("state"), flush=True)
        raise RuntimeError("of the test, which nobody catches")


class SlowEnd:
    """What takes its time when Python ends, while the threads of the pipeline go on."""

    def __del__(self, sleep=time.sleep):
        sleep(0.1)


plugins, wanted, how, delay = sys.argv[1:]
Gst.init(None)
for plugin in ("coreelements", "videotestsrc"):
    Gst.Plugin.load_file(f"{plugins}/libgst{plugin}.so")
sys.slow_end = SlowEnd()
Application(wanted, how == "handler").run(int(delay))
