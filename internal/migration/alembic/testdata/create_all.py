"""Runs create_all of the metadata that main.py of the folder has on the database of the PG* variables."""
import sys

import sqlalchemy as sa

sys.path.insert(0, sys.argv[1])

from main import metadata  # noqa: E402

engine = sa.create_engine("postgresql+psycopg2://")
for one in metadata if isinstance(metadata, list) else [metadata]:
    for schema in sorted({table.schema for table in one.tables.values() if table.schema}):
        with engine.begin() as connection:
            connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    one.create_all(engine)
