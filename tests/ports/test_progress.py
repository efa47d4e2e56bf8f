"""Another session sees where a long run is, and nothing is left of it afterwards."""

import json

from madpy.ports.postgres.session.db import Database


class Recorder:
    """A connection that is inside a server as far as Database can tell, over a test's session."""

    SPIError = ()

    def __init__(self, sql):
        self.sql = sql

    def prepare(self, text, types):
        """Return a plan of a statement without parameters."""
        assert types == []
        return text

    def execute(self, text, values=()):
        """Return rows as plpy does: with JSON as text."""
        return [
            {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}
            for row in self.sql.rows(text)
        ]


def test_shown_at_once_and_taken_back(sql, connect):
    sql("SET application_name = 'mine'")
    sql("BEGIN")
    db = Database(Recorder(sql))
    db.progress("kmeans_train: iteration 3 of 20")
    other = connect()
    pid = sql.value("SELECT pg_backend_pid()")
    assert other(f"SELECT doing FROM madlib.progress WHERE pid = {pid}") == [
        ("kmeans_train: iteration 3 of 20",)
    ]
    db.finish()
    assert other(f"SELECT doing FROM madlib.progress WHERE pid = {pid}") == []
    assert sql.value("SHOW application_name") == "mine"
    sql("COMMIT")


def test_an_error_takes_it_back(sql):
    sql("SET application_name = 'mine'")
    sql("BEGIN")
    Database(Recorder(sql)).progress("at work")
    sql.fails("SELECT 1 / 0")
    sql("ROLLBACK")
    assert sql.value("SHOW application_name") == "mine"
