"""Prints, for each folder of versions that is given, what alembic makes of it: heads and history, or the error."""
import json
import os
import sys

listdir = os.listdir
os.listdir = lambda path: sorted(listdir(path))  # as alembic does since 1.10; before, the order was the file system's

from alembic.script import ScriptDirectory  # noqa: E402

for folder in sys.argv[1:]:
    answer = {}
    try:
        script = ScriptDirectory(folder)
        answer["heads"] = sorted(script.get_heads())
        answer["history"] = [r.revision for r in script.walk_revisions()]
        answer["rows"] = sorted(script.revision_map._real_heads)
    except Exception as e:  # noqa: BLE001
        answer = {"error": type(e).__name__}
    print(json.dumps(answer))
