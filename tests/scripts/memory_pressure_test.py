# SPDX-License-Identifier: LGPL-2.1-or-later
"""What memory_pressure.py says where something is missing: memory_pressure_test.py SOURCES"""
import os
import subprocess
import sys
import tempfile
import unittest

SOURCES = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.getcwd()
NO_TYPELIB = 'def require_version(namespace, version):\n    raise ValueError("Namespace Gst not available")\n'


class WithoutGStreamer(unittest.TestCase):
    def drive(self, gi):
        """With a module `gi` of this text; what it says on standard error, and whether it began a file of figures."""
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/gi.py", "w", encoding="ascii") as module:
                module.write(gi)
            figures = folder + "/none.csv"
            ran = subprocess.run(
                [sys.executable, SOURCES + "/scripts/lib/memory_pressure.py", "drive", "300", "none", figures],
                env={**os.environ, "PYTHONPATH": folder}, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
            self.assertEqual(ran.returncode, 1)
            return ran.stderr, os.path.exists(figures)

    def test_rule_what_is_missing_is_said_in_a_sentence_before_anything_is_made(self):
        for missing in ("raise ModuleNotFoundError(\"No module named 'gi'\")\n", NO_TYPELIB):
            said, began = self.drive(missing)
            self.assertIn("scripts/setup.sh --all", said)
            self.assertIn("gir1.2-gstreamer-1.0", said)
            self.assertNotIn("Traceback", said)
            self.assertFalse(began)


if __name__ == "__main__":
    unittest.main()
