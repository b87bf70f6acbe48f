"""Runs alembic upgrade heads on the database of the PG* variables. What an application's own modules would give is
replaced by stand-ins, since only the DDL matters. Arguments: the script folder, the naming convention as JSON, version folders."""
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from unittest.mock import MagicMock

listdir = os.listdir
os.listdir = lambda path: sorted(listdir(path))

import sqlalchemy as sa  # noqa: E402
from alembic.config import Config  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from alembic.script import ScriptDirectory  # noqa: E402

import sqlalchemy.dialects.postgresql  # noqa: E402,F401


class StandIn(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name in ("AutoString", "EmailType"):
            return sa.String
        if name == "GUID":
            return sqlalchemy.dialects.postgresql.UUID
        if name.islower() and not name.startswith("_"):
            return StandIn(name)
        if name.endswith(("Connector", "Model", "Base", "Mixin", "Error", "Exception")):
            return type(name, (Exception,), {})
        return MagicMock(name=name)

    def __call__(self, *args, **kwargs):
        return MagicMock()


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


for newer in ("UUID", "Uuid"):  # SQLAlchemy 2.0's
    if not hasattr(sa, newer):
        setattr(sa, newer, sqlalchemy.dialects.postgresql.UUID)


class CITEXT(sa.types.UserDefinedType):
    cache_ok = True

    def __init__(self, *args, **kwargs):
        pass

    def get_col_spec(self, **kwargs):
        return "CITEXT"


if not hasattr(sqlalchemy.dialects.postgresql, "CITEXT"):
    sqlalchemy.dialects.postgresql.CITEXT = CITEXT
sa.testing = importlib.import_module("sqlalchemy.testing.schema")
sa.testing.Column = sa.Column  # some migrations import it from there by mistake, and it works within a test run only
if not hasattr(sa, "Double"):
    sa.Double = sqlalchemy.dialects.postgresql.DOUBLE_PRECISION
for library in ("alembic_utils", "alembic_postgresql_enum"):  # they add to alembic.op
    try:
        importlib.import_module(library)
    except ImportError:
        pass
sys.meta_path.append(Finder())
folder, convention = sys.argv[1], json.loads(sys.argv[2])
ini = next((f for f in (os.path.join(d, "alembic.ini") for d in (folder, os.path.dirname(folder))) if os.path.exists(f)), None)
config = Config(ini)
config.set_main_option("script_location", folder)
if sys.argv[3:]:
    config.set_main_option("version_locations", " ".join(sys.argv[3:]))
script = ScriptDirectory.from_config(config)
engine = sa.create_engine("postgresql+psycopg2://")
metadata = sa.MetaData(naming_convention=convention) if convention else sa.MetaData()
with EnvironmentContext(config, script, fn=lambda rev, context: script._upgrade_revs("heads", rev)) as env:
    with engine.connect() as connection:
        env.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with env.begin_transaction():
            env.run_migrations()
