#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what hotdoc needs to know of the plugin, in the form that GStreamer's own plugins have it.

    scripts/plugin-docs-cache.py build/gst/plugin/libgstjetsoncaption.so           rewrites the file
    scripts/plugin-docs-cache.py --check build/gst/plugin/libgstjetsoncaption.so   compares only

The file is docs/plugins/gst_plugins_cache.json. Exits with 1 where it is out of date, and with 77
where Python cannot reach GStreamer (python3-gi, gir1.2-gstreamer-1.0).
"""
import argparse
import json
import pathlib
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import GObject, Gst
except (ImportError, ValueError) as problem:
    print(f"Skipped: {problem}. Install python3-gi and gir1.2-gstreamer-1.0.")
    sys.exit(77)

CACHE = pathlib.Path(__file__).resolve().parent.parent / "docs/plugins/gst_plugins_cache.json"

# Of GStreamer's gstparamspecs.h, which are not introspected.
CONTROLLABLE = 1 << 9
MUTABLE = [(1 << 12, "playing"), (1 << 11, "paused"), (1 << 10, "ready")]


class Text(GObject.Object):
    """Brings values of types that Python does not know to text."""

    text = GObject.Property(type=str)


def default_of(element, spec):
    """As gst-launch-1.0 writes it, of a new element."""
    try:
        value = element.get_property(spec.name)
    except TypeError:
        text = Text()
        element.bind_property(spec.name, text, "text", GObject.BindingFlags.SYNC_CREATE)
        return text.text
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    return value.value_nick if isinstance(value, GObject.GEnum) else str(value)


def describe_enum(values_by_number):
    values = [{"desc": value.value_name, "name": value.value_nick, "value": str(int(value))}
              for _, value in sorted(values_by_number.items())]
    return {"kind": "enum", "values": values}


def describe_property(element, spec):
    flags = int(spec.flags)
    described = {
        "blurb": spec.blurb,
        "conditionally-available": False,
        "construct": bool(flags & GObject.ParamFlags.CONSTRUCT),
        "construct-only": bool(flags & GObject.ParamFlags.CONSTRUCT_ONLY),
        "controllable": bool(flags & CONTROLLABLE),
        "mutable": next((name for bit, name in MUTABLE if flags & bit), "null"),
        "readable": bool(flags & GObject.ParamFlags.READABLE),
        "type": spec.value_type.name,
        "writable": bool(flags & GObject.ParamFlags.WRITABLE),
    }
    if described["writable"]:
        described["default"] = default_of(element, spec)
    if hasattr(spec, "minimum") and hasattr(spec, "maximum"):
        described["min"] = str(spec.minimum)
        described["max"] = str(spec.maximum)
    return described


def describe_signal(signal_id):
    query = GObject.signal_query(signal_id)
    flags = int(query.signal_flags)
    return {
        "args": [{"name": f"arg{number}", "type": argument.name}
                 for number, argument in enumerate(query.param_types)],
        "return-type": query.return_type.name,
        "when": "first" if flags & GObject.SignalFlags.RUN_FIRST else "last",
    }


def describe_pad(template):
    caps = template.get_caps().to_string().replace("2147483647/1", "max").replace(
        "2147483647", "max")
    return {
        "caps": caps,
        "direction": template.direction.value_nick,
        "presence": template.presence.value_nick,
    }


def hierarchy(gtype):
    while gtype.name != "void":
        yield gtype.name
        if gtype == GObject.TYPE_OBJECT:
            return
        gtype = gtype.parent


def describe_element(factory, other_types):
    element = factory.create(None)
    gtype = factory.get_element_type()
    own = [spec for spec in element.list_properties() if spec.owner_type == gtype]
    for spec in own:
        if spec.value_type.is_a(GObject.TYPE_ENUM):
            # Python makes the class of an enumeration when it meets the first value.
            values = type(element.get_property(spec.name)).__enum_values__
            other_types[spec.value_type.name] = describe_enum(values)
    return {
        "author": factory.get_metadata("author"),
        "description": factory.get_metadata("description"),
        "hierarchy": list(hierarchy(gtype)),
        "klass": factory.get_metadata("klass"),
        "long-name": factory.get_metadata("long-name"),
        "pad-templates": {template.name_template: describe_pad(template)
                          for template in element.get_pad_template_list()},
        "properties": {spec.name: describe_property(element, spec) for spec in own},
        "rank": "none" if factory.get_rank() == 0 else str(factory.get_rank()),
        "signals": {GObject.signal_name(signal_id): describe_signal(signal_id)
                    for signal_id in GObject.signal_list_ids(gtype)},
    }


def describe_plugin(path):
    plugin = Gst.Plugin.load_file(path)
    features = Gst.Registry.get().get_feature_list_by_plugin(plugin.get_name())
    other_types = {}
    elements = {factory.get_name(): describe_element(factory, other_types)
                for factory in features if isinstance(factory, Gst.ElementFactory)}
    return {plugin.get_name(): {
        "description": plugin.get_description(),
        "elements": elements,
        "filename": pathlib.Path(path).stem.replace("lib", "", 1),
        "license": plugin.get_license(),
        "other-types": other_types,
        "package": plugin.get_package(),
        "source": plugin.get_source(),
        "tracers": {},
        "url": plugin.get_origin(),
    }}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("plugin", help="libgstjetsoncaption.so")
    arguments = parser.parse_args()
    Gst.init(None)
    text = json.dumps(describe_plugin(arguments.plugin), indent=4, sort_keys=True) + "\n"
    if not arguments.check:
        CACHE.parent.mkdir(exist_ok=True)
        CACHE.write_text(text, encoding="utf-8")
        return 0
    if CACHE.exists() and CACHE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{CACHE} is not what the plugin is like: run scripts/plugin-docs-cache.py PLUGIN.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
