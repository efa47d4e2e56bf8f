"""How many statements a call of a driver sends to the server, counted where they leave Python."""

import json
from typing import Any

import pytest

from tests.session import Session

# The call of a driver, its arguments, and the most statements inside it, that of its SQL wrapper included.
TRAININGS: dict[str, tuple[list[Any], int]] = {
    "regr.train": (["t", "m", "y", "a, b", None, False, None, False, False], 12),
    "logregr.train": (["t", "m", "yes", "a, b", None, 20, "irls", 1e-4, False], 20),
    "glm.train": (["t", "m", "y", "a, b", "gaussian", *[None] * 4, 100, 1e-6, False], 17),
    "nb.train": (["t", "m", "yes", "a, c", None, None, 1.0, False, None], 16),
    "dtree.train": (
        ["t", "m", "yes", "a, c", None, None, "auto", "auto", 3, 20, 7, 20, None, 0, 1, False, None], 28,
    ),
    "kmeans.train": (
        ["t", "m", "a, b", 2, "kmeans++", 20, 1e-4, 1, "squared_euclidean", None, False, None], 25,
    ),
    "stats.correlation": (["t", "m", "a, b", False, None], 15),
    "stats.summary": (["t", "m", "a, b", None, True, True, None, 10, True, False], 12),
}  # fmt: skip
PREDICTIONS = {
    "regr": 14,
    "logregr": 15,
    "glm": 16,
    "nb": 14,
    "dtree": 14,
    "kmeans": 16,
}
WRAPPER = 1  # the path of the Python packages


@pytest.fixture(autouse=True)
def data(sql: Session) -> None:
    """A table of 100 rows, and a function that calls a driver and returns the statements it sends.

    Arguments that are not given, the last ones, are NULL.
    Statements without text are left out: they look for interrupts by the clock.
    """
    sql(
        """
        CREATE TABLE t AS
        SELECT sin(i) AS a, cos(i * 1.7) AS b, substr('uvw', i % 3 + 1, 1) AS c,
               sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes
        FROM generate_series(1, 100) AS i;
        CREATE FUNCTION statements(name text, arguments text) RETURNS SETOF text LANGUAGE plpython3u AS $$
            import json, sys
            from importlib import import_module
            from inspect import signature
            for row in plpy.execute('SELECT madlib.__python_path() AS path'):
                row['path'] in sys.path or sys.path.insert(0, row['path'])
            from madpy.ports.postgres.session.udf import run

            class Counting:
                sent = []

                def __getattr__(self, name):
                    return getattr(plpy, name)

                def execute(self, query, arguments=None):
                    text = arguments[1] if arguments and len(arguments) == 3 else str(query)
                    if text != 'SELECT':
                        self.sent.append(text)
                    return plpy.execute(query, arguments) if arguments else plpy.execute(query)

            module, *file, function = name.split('.')
            called = import_module('.'.join(['madpy.modules', module, *(file or ['driver'])]))
            given = json.loads(arguments)
            missing = len(signature(getattr(called, function)).parameters) - 1 - len(given)
            run(Counting(), 'madlib', name, [*given, *[None] * missing])
            return Counting.sent
        $$
        """
    )


def statements(sql: Session, name: str, arguments: list[Any]) -> list[str]:
    written = json.dumps(arguments).replace("'", "''")
    return [text for (text,) in sql(f"SELECT * FROM statements('{name}', '{written}')")]


@pytest.mark.parametrize("name", TRAININGS)
def test_trainings(sql: Session, name: str) -> None:
    arguments, most = TRAININGS[name]
    sent = statements(sql, name, arguments)
    assert len(sent) + WRAPPER <= most, "\n".join(sent)


@pytest.mark.parametrize("method", PREDICTIONS)
def test_predictions(sql: Session, method: str) -> None:
    statements(sql, f"{method}.train", TRAININGS[f"{method}.train"][0])
    sent = statements(sql, f"{method}.predict.predict", ["m", "t", "p"])
    assert len(sent) + WRAPPER <= PREDICTIONS[method], "\n".join(sent)
