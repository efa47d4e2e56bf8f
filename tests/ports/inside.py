"""Python that runs inside the server, in the test's own session."""

import json
from textwrap import dedent, indent
from typing import Any

from tests.session import Session

FUNCTION = """
    CREATE OR REPLACE FUNCTION pg_temp.inside() RETURNS text LANGUAGE plpython3u AS $inside$
    import json, os, sys
    for row in plpy.execute('SELECT madlib.__python_path() AS path'):
        row['path'] in sys.path or sys.path.insert(0, row['path'])
    from madpy.ports.postgres.session.db import Database
    from madpy.ports.postgres.scan.scan import Rows, Scan
    from madpy.ports.postgres.scan.store import Store
    db = Database(plpy)
    def fill(query, groups=0):
        return Store(db, db.value('SELECT madlib.__store_fill({q:l}, {g:l})', q=query, g=groups))
    def answer():
    BODY
    return json.dumps(answer())
    $inside$
"""

LEFT = """
    contexts = plpy.execute("SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'madpy store'")
    links = []
    for fd in os.listdir('/proc/self/fd'):
        try:
            links.append(os.readlink('/proc/self/fd/' + fd))
        except FileNotFoundError:
            pass
    with open('/proc/self/maps') as maps:
        mapped = sum('memfd:madpy' in line for line in maps)
    return [contexts[0]['count'], sum('memfd:madpy' in link for link in links), mapped]
"""


def inside(sql: Session, body: str) -> Any:
    """Return what `body` returns, as JSON; it can use db, fill(query, groups) -> Store, Rows and Scan."""
    sql(dedent(FUNCTION).replace("BODY", indent(dedent(body).strip(), "    ")))
    return json.loads(sql.value("SELECT pg_temp.inside()"))


def left(sql: Session) -> list[int]:
    """How many stores this backend has, how many memory files of them open, and how many mapped."""
    found: list[int] = inside(sql, LEFT)
    return found
