# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks of the sources find what they are for, and nothing else."""
import contextlib
import io
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

import cpp_library_check
import gst_api_check
from source_text import without_comments_and_strings

GIR = """
<repository xmlns="http://www.gtk.org/introspection/core/1.0"
            xmlns:c="http://www.gtk.org/introspection/c/1.0"
            xmlns:glib="http://www.gtk.org/introspection/glib/1.0" version="9.9">
  <include name="GLib" version="9.9"/>
  <namespace name="Gst" version="1.0">
    <function name="old" c:identifier="gst_old" version="1.14"/>
    <function name="micro" c:identifier="gst_micro" version="1.14.2"/>
    <function name="clear" c:identifier="gst_clear_object" version="1.16"/>
    <function name="late" c:identifier="gst_twenty_two" version="1.22"/>
    <function-macro name="REGISTER" c:identifier="GST_REGISTER" version="1.20"/>
    <constant name="KEY" c:type="GST_KEY" version="1.18">
      <type name="utf8" c:type="gchar*"/>
    </constant>
    <record name="NewMeta" c:type="GstNewMeta" glib:get-type="gst_new_meta_get_type" version="1.18">
      <method name="of_new_type" c:identifier="gst_new_meta_method"/>
      <field name="api"><type name="Type" c:type="GType"/></field>
    </record>
    <class name="Bin" c:type="GstBin">
      <method name="of_old_type" c:identifier="gst_bin_add"/>
      <method name="newer_than_its_type" c:identifier="gst_bin_new_trick" version="1.18"/>
    </class>
    <enumeration name="Format" c:type="GstFormat">
      <member name="old" c:identifier="GST_FORMAT_OLD"/>
      <member name="new" c:identifier="GST_FORMAT_NEW">
        <doc>sixteen bits (Since: 1.18)</doc>
      </member>
    </enumeration>
  </namespace>
</repository>
"""

NEWER = {
    "gst_clear_object": "1.16", "gst_twenty_two": "1.22", "GST_REGISTER": "1.20",
    "GST_KEY": "1.18", "GstNewMeta": "1.18", "gst_new_meta_get_type": "1.18",
    "GST_TYPE_NEW_META": "1.18", "gst_new_meta_method": "1.18", "gst_bin_new_trick": "1.18",
    "GST_FORMAT_NEW": "1.18"}


def run(main, *arguments):
    """Exit status and output."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        return main(*arguments), output.getvalue()


class Code(unittest.TestCase):
    def expect(self, text, code):
        self.assertEqual(without_comments_and_strings(text).split(), code.split())

    def test_has_no_comments(self):
        self.expect("a /* b */ c // d\ne /* f\n g */ h", "a c e h")

    def test_has_no_strings(self):
        self.expect(r'''f("a", "b\"c", '"', '\'') + g''', "f( , , , ) + g")

    def test_has_no_raw_strings(self):
        self.expect('f(R"x(a "b" // )c)x") + g', "f( ) + g")

    def test_goes_on_after_a_slash_in_a_string(self):
        self.expect('f("http://a"); g /* "b */ ("c")', "f( ); g ( )")

    def test_goes_on_after_a_separated_number(self):
        self.expect("1'000 + a + 2'000", "1'000 + a + 2'000")

    def test_keeps_its_lines(self):
        self.assertEqual(without_comments_and_strings("/* 1\n2 */ a\n// 3\nb").split("\n"),
                         [" ", " a", " ", "b"])


class GstApiCheck(unittest.TestCase):
    def findings(self, text):
        return list(gst_api_check.uses(without_comments_and_strings(text), NEWER))

    def tree(self, **files):
        """A source tree with a GIR folder that has the sample for each required library."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        (root / "gir").mkdir()
        for name in gst_api_check.REQUIRED:
            (root / "gir" / f"{name}.gir").write_text(GIR)
        (root / "gst" / "plugin").mkdir(parents=True)
        for name, text in files.items():
            (root / "gst" / "plugin" / f"{name}.h").write_text(text)
        return root

    def test_knows_what_is_newer_than_the_limit(self):
        root = xml.etree.ElementTree.fromstring(GIR)
        self.assertEqual(gst_api_check.newer_symbols(root.find(gst_api_check.CORE + "namespace"),
                                                     "1.14"), NEWER)

    def test_finds_a_newer_symbol(self):
        self.assertEqual(self.findings("{\n  gst_clear_object(&pad);\n}"),
                         [(2, "gst_clear_object is since 1.16")])

    def test_ignores_comments_and_strings(self):
        self.assertEqual(self.findings("// gst_clear_object\n/* gst_clear_object */\n"
                                       'f("gst_clear_object");'), [])

    def test_compares_whole_words(self):
        self.assertEqual(self.findings("my_gst_clear_object(); gst_clear_object_now();"), [])

    def test_names_file_and_line(self):
        root = self.tree(a="\ngst_clear_object(&pad);")
        status, output = run(gst_api_check.main, root, root / "gir")
        self.assertEqual(status, 1)
        self.assertIn("gst/plugin/a.h:2: gst_clear_object is since 1.16\n", output)

    def test_is_content_with_old_symbols(self):
        root = self.tree(a="gst_old(); gst_micro(); gst_bin_add(); GST_FORMAT_OLD;")
        self.assertEqual(run(gst_api_check.main, root, root / "gir"), (0, ""))

    def test_allows_anything_in_the_guarded_file(self):
        root = self.tree(compat="gst_clear_object(&pad);")
        self.assertEqual(run(gst_api_check.main, root, root / "gir"), (0, ""))

    def test_is_skipped_without_gir_files(self):
        root = self.tree(a="gst_clear_object(&pad);")
        status, output = run(gst_api_check.main, root, root / "nowhere")
        self.assertEqual(status, 77)
        self.assertIn("Install libgstreamer1.0-dev and libgstreamer-plugins-base1.0-dev", output)

    def test_complains_of_a_tree_without_sources(self):
        root = self.tree()
        with self.assertRaises(FileNotFoundError):
            gst_api_check.main(root, root / "gir")

    def test_knows_the_installed_libraries(self):
        try:
            symbols = gst_api_check.newer_than_supported("/usr/share/gir-1.0")
        except FileNotFoundError as problem:
            self.skipTest(f"{problem.filename} is missing")
        for name, since in [("gst_clear_object", "1.16"), ("gst_clear_caps", "1.16"),
                            ("gst_type_mark_as_plugin_api", "1.18"),
                            ("GST_VIDEO_FORMAT_Y444_16BE", "1.18"), ("GstVideoAFDMeta", "1.18")]:
            self.assertEqual(symbols.get(name), since, name)
        for name in ["gst_buffer_map", "gst_caps_copy_nth", "GST_VIDEO_FORMAT_RGB", "GstVideoMeta"]:
            self.assertNotIn(name, symbols)


class CppLibraryCheck(unittest.TestCase):
    def findings(self, text):
        return list(cpp_library_check.missing(without_comments_and_strings(text)))

    def test_finds_headers(self):
        self.assertEqual(self.findings("#include <vector>\n# include <filesystem>\n"),
                         [(2, "<filesystem> needs GCC 8")])

    def test_finds_names(self):
        self.assertEqual(self.findings("namespace fs = std::filesystem;\nstd::pmr::string text;"),
                         [(1, "std::filesystem needs GCC 8"), (2, "std::pmr needs GCC 9")])

    def test_ignores_comments_strings_and_other_names(self):
        self.assertEqual(self.findings('// std::filesystem\nf("std::pmr"); my::reduce(a);\n'
                                       '#include "version"\nstd::reduced(a);'), [])


if __name__ == "__main__":
    unittest.main()
