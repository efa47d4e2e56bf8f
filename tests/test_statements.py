"""How many statements a call of a driver sends to the server, counted where they leave Python."""

import json
from typing import Any

import pytest

from tests.methods import Statements, gathered
from tests.session import Session

TRAININGS: dict[str, Statements] = gathered("STATEMENTS")
PREDICTIONS = {
    name.split(".")[0]: entry.predictions for name, entry in TRAININGS.items() if entry.predictions
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
    entry = TRAININGS[name]
    sent = statements(sql, name, entry.arguments)
    assert len(sent) + WRAPPER <= entry.training, "\n".join(sent)


@pytest.mark.parametrize("method", PREDICTIONS)
def test_predictions(sql: Session, method: str) -> None:
    statements(sql, f"{method}.train", TRAININGS[f"{method}.train"].arguments)
    sent = statements(sql, f"{method}.predict.predict", ["m", "t", "p"])
    assert len(sent) + WRAPPER <= PREDICTIONS[method], "\n".join(sent)
