# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pipeline and a process that eats memory, in one cgroup with a limit: what scripts/memory-pressure.sh runs.

    memory_pressure.py drive LIMIT_MB ISOLATION CSV      (a line of figures every half second)
    memory_pressure.py pipeline ISOLATION RESERVE_MB     (inside of the cgroup)
    memory_pressure.py eat                               (inside of the cgroup; a size in MB a line on stdin)
"""
import json
import os
import subprocess
import sys
import threading
import time

MB = 1 << 20
CGROUPS = "/sys/fs/cgroup"
NAME = "jetsoncaption-pressure"
LONGEST_GAP_MS = 150  # of a stream of 30 frames a second: more than a few frames were held up


class Cgroup:
    """Of version 2 where the memory controller is there, else of version 1."""

    def __init__(self, limit_mb):
        self.is_v2 = os.path.exists(CGROUPS + "/cgroup.controllers")
        self.path = os.path.join(CGROUPS, NAME if self.is_v2 else "memory/" + NAME)
        try:
            if self.is_v2:
                self.write_to(CGROUPS + "/cgroup.subtree_control", "+memory")
            os.makedirs(self.path, exist_ok=True)
            self.write("memory.max" if self.is_v2 else "memory.limit_in_bytes", limit_mb * MB)
        except OSError as error:
            sys.exit(f"memory_pressure.py: no cgroup with a limit can be made ({error}); run this as root, outside of "
                     "a container that has its cgroups read-only.")
        self.limit = limit_mb * MB

    @staticmethod
    def write_to(path, value):
        with open(path, "w", encoding="ascii") as stream:
            stream.write(str(value))

    def write(self, name, value):
        self.write_to(os.path.join(self.path, name), value)

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="ascii") as stream:
            return stream.read()

    def field(self, file, name):
        return next((int(line.split()[1]) for line in self.read(file).splitlines() if line.split()[0] == name), 0)

    def left_mb(self):
        usage = int(self.read("memory.current" if self.is_v2 else "memory.usage_in_bytes"))
        inactive = self.field("memory.stat", "inactive_file" if self.is_v2 else "total_inactive_file")
        return (self.limit - max(usage - inactive, 0)) // MB

    def kills(self):
        return self.field("memory.events" if self.is_v2 else "memory.oom_control", "oom_kill")

    def start(self, *arguments, **options):
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return subprocess.Popen(["sh", "-c", enter, self.path, sys.executable, __file__, *map(str, arguments)],
                                text=True, **options)

    def remove(self):
        for _ in range(50):
            try:
                return os.rmdir(self.path)
            except OSError:
                time.sleep(0.1)


def eat():
    """Holds as many MB as the newest line says."""
    eaten = []
    for line in sys.stdin:
        wanted = int(line)
        del eaten[wanted:]
        while len(eaten) < wanted:
            eaten.append(b"\xa5" * MB)
        print(len(eaten), flush=True)


def import_gstreamer():
    """GStreamer for Python, or the end with a sentence that says what brings it."""
    try:
        import gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
    except (ImportError, ValueError) as error:
        sys.exit(f"memory_pressure.py: {sys.executable} cannot use GStreamer ({error}); run scripts/setup.sh --all, which "
                 "installs python3-gi and gir1.2-gstreamer-1.0.")
    return Gst


def pipeline(isolation, reserve_mb):
    """Prints an event a line as JSON until standard input ends."""
    Gst = import_gstreamer()
    Gst.init(None)
    built = Gst.parse_launch(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=480,framerate=30/1 ! "
        f"jetsoncaption name=captioner mode=live beam-size=3 isolation={isolation} memory-action=unload "
        f"memory-reserve={reserve_mb} ! fakesink name=sink sync=true")
    captioner = built.get_by_name("captioner")
    frames = {"count": 0, "at": None, "gap": 0.0}

    def on_frame(_pad, _info):
        now = time.monotonic()
        if frames["at"] is not None:
            frames["gap"] = max(frames["gap"], now - frames["at"])
        frames["at"] = now
        frames["count"] += 1
        return Gst.PadProbeReturn.OK

    captioner.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_frame)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    built.set_state(Gst.State.PLAYING)
    bus = built.get_bus()
    types = Gst.MessageType.WARNING | Gst.MessageType.INFO | Gst.MessageType.ERROR
    told_at = 0
    while not ended.is_set():
        message = bus.timed_pop_filtered(50 * Gst.MSECOND, types)
        if message is not None:
            tell_message(Gst, message)
        if time.monotonic() - told_at >= 0.5:
            told_at = time.monotonic()
            stats = captioner.get_property("stats")
            print(json.dumps({"frames": frames["count"], "gap_ms": round(frames["gap"] * 1000),
                              "captions": stats.get_uint64("captions")[1], "used": stats.get_uint("memory-mb")[1],
                              "step": stats.get_string("memory-step")}), flush=True)
            frames["gap"] = 0.0
    built.set_state(Gst.State.NULL)


def tell_message(Gst, message):
    kind = {Gst.MessageType.WARNING: "warning", Gst.MessageType.INFO: "info"}.get(message.type, "error")
    text = getattr(message, "parse_" + kind)()[0].message
    details = getattr(message, f"parse_{kind}_details")()
    step = details.get_string("step") if details is not None and details.has_name("jetsoncaption-memory") else None
    left = details.get_uint("available-mb")[1] if step else None
    print(json.dumps({"message": kind, "text": text, "now": step, "left": left}), flush=True)


class Drive:
    """Runs both, and keeps what the pipeline tells."""

    def __init__(self, limit_mb, isolation, csv_path):
        self.reserve = limit_mb // 3
        self.cgroup = Cgroup(limit_mb)
        self.begin = time.monotonic()
        self.messages = []
        self.states = []
        self.csv = open(csv_path, "w", encoding="ascii")
        self.csv.write("seconds,left_mb,pipeline_mb,captions,frames,step\n")
        self.stream = self.cgroup.start("pipeline", isolation, self.reserve, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        threading.Thread(target=self.listen, daemon=True).start()
        self.eater = self.cgroup.start("eat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.eaten = 0

    def say(self, text):
        print(f"{time.monotonic() - self.begin:6.1f} s  {text}", flush=True)

    def listen(self):
        for line in self.stream.stdout:
            event = json.loads(line)
            if "message" in event:
                self.messages.append(event)
                self.say(f"{event['message']}: {event['text']}")
            else:
                self.states.append(event)
                self.csv.write(f"{time.monotonic() - self.begin:.2f},{self.cgroup.left_mb()},{event['used']},"
                               f"{event['captions']},{event['frames']},{event['step']}\n")
                self.csv.flush()

    def eat(self, mb):
        self.eaten = max(mb, 0)
        self.eater.stdin.write(f"{self.eaten}\n")
        self.eater.stdin.flush()
        self.eater.stdout.readline()

    def eat_until(self, left_mb, seconds):
        """Leaves so much, whatever the pipeline gives back meanwhile, 30 MB a second at most."""
        end = time.monotonic() + seconds
        told = 0
        while time.monotonic() < end:
            self.eat(self.eaten + max(-3, min(3, self.cgroup.left_mb() - left_mb)))
            if time.monotonic() - told > 2 and self.states:
                told = time.monotonic()
                state = self.states[-1]
                self.say(f"eaten {self.eaten} MB, left {self.cgroup.left_mb()} MB; pipeline: {state['used']} MB, "
                         f"{state['captions']} captions, {state['frames']} frames, step {state['step']}")
            time.sleep(0.1)

    def wait_until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end and self.stream.poll() is None:
            time.sleep(0.1)
        return condition()

    def run(self):
        checks = {"captions were made before": self.wait_until(
            lambda: self.states and self.states[-1]["captions"] > 20, 30)}
        self.say(f"the other process begins to eat; {self.cgroup.left_mb()} MB are left, the reserve is "
                 f"{self.reserve} MB")
        first = len(self.states)
        self.eat_until(self.reserve * 8 // 10, 20)
        unloaded = self.wait_until(lambda: self.states[-1]["step"] == "unload", 5)
        self.say("almost all is taken")
        self.eat_until(self.reserve // 6, 5)
        captions = self.states[-1]["captions"]
        self.say("the other process gives everything back")
        self.eat(0)
        checks["captions came back"] = self.wait_until(
            lambda: self.states[-1]["step"] == "none" and self.states[-1]["captions"] > captions + 20, 30)
        gap = max(state["gap_ms"] for state in self.states[first:])
        checks["the pipeline survived"] = self.stream.poll() is None
        steps = [event["now"] for event in self.messages if event["now"]]
        warnings = [event for event in self.messages if event["message"] == "warning" and event["now"]]
        checks["it warned before the limit was reached"] = bool(warnings) and warnings[0]["left"] > 0
        checks["it did less, step by step"] = unloaded and steps[:5] == ["trim", "slow-down", "greedy", "pause",
                                                                       "unload"]
        checks["it came back step by step"] = steps[-4:] == ["pause", "greedy", "slow-down", "none"]
        checks[f"no gap in its frames above {LONGEST_GAP_MS} ms (longest: {gap})"] = gap <= LONGEST_GAP_MS
        checks["the kernel killed nothing"] = self.cgroup.kills() == 0
        return checks

    def end(self):
        for process in (self.stream, self.eater):
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.cgroup.remove()


def drive(limit_mb, isolation, csv_path):
    import_gstreamer()  # before anything is made
    driven = Drive(int(limit_mb), isolation, csv_path)
    try:
        checks = driven.run()
    finally:
        driven.end()
    for text, passed in checks.items():
        print(("ok      " if passed else "FAILED  ") + text)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("drive", "pipeline", "eat"):
        sys.exit(__doc__)
    sys.exit(globals()[sys.argv[1]](*sys.argv[2:]))
