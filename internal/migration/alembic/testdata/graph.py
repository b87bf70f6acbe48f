"""Prints, for each script folder that is given, what alembic makes of it: heads and history, or the error. A folder may
be followed by its folders of versions, with colons between."""
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from unittest.mock import MagicMock

listdir = os.listdir
os.listdir = lambda path: sorted(listdir(path))  # as alembic does since 1.10; before, the order was the file system's

from alembic.script import ScriptDirectory  # noqa: E402



class StandIn(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.endswith(("Connector", "Model", "Base", "Mixin", "Error", "Exception")):
            return type(name, (Exception,), {})
        return MagicMock(name=name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for the application's own modules, which the graph does not hang on."""

    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(Finder())
import sqlalchemy  # noqa: E402
import sqlalchemy.testing.schema  # noqa: E402

sqlalchemy.testing.schema.Column = sqlalchemy.Column  # as in upgrade.py
for newer in ("UUID", "Uuid", "Double"):
    if not hasattr(sqlalchemy, newer):
        setattr(sqlalchemy, newer, MagicMock())
for argument in sys.argv[1:]:
    folder, *versions = argument.split(":")
    answer = {}
    try:
        script = ScriptDirectory(folder, version_locations=versions or None)
        answer["heads"] = sorted(script.get_heads())
        answer["history"] = [r.revision for r in script.walk_revisions()]
        answer["rows"] = sorted(script.revision_map._real_heads)
    except Exception as e:  # noqa: BLE001
        answer = {"error": type(e).__name__}
    print(json.dumps(answer))
