"""Attacks by names of projects, bytes of models and tables of others."""

import pg
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.projects import made
from tests.projects.made import fresh

COLUMN = 'a")from x;alter role y superuser;select 1--'


@pytest.mark.parametrize(
    "evil",
    [COLUMN, "'; DROP TABLE pgml.__projects; --", "$$; SELECT 1/0; --", "{x:i}", "a\\'b", "%s %I", "a\nb"],
)
def test_names_of_projects_are_values(sql, mallory, evil):
    quoted = made.literal(evil)
    project = made.project(mallory, evil)
    snapshot = made.snapshot(mallory, project, relation_name=evil, y_column_name=[evil], test_column=evil)
    model = made.model(mallory, project, snapshot, algorithm=evil, metric=evil, score=0.5)
    assert mallory(f"SELECT * FROM pgml.deploy({quoted})") == [(evil, "best_score", evil, model)]
    assert mallory(f"SELECT * FROM pgml.deploy({quoted}, algorithm => {quoted})")[0][0] == evil
    mallory(f"SELECT pgml.grant_project({quoted}, 'madpy')")
    assert mallory.fails(f"SELECT pgml.grant_project({quoted}, {quoted})").sqlstate == "42704"
    assert mallory.fails(f"SELECT pgml.deploy({quoted}, {quoted})").sqlstate == "22023"
    mallory(f"SELECT pgml.drop_project({quoted})")
    assert sql(f"SELECT FROM pgml.projects WHERE id = {project}") == []


def test_bytes_of_a_model_that_are_altered_are_an_error_or_a_number(sql, schema, mallory, table):
    """Others predict by mallory's model, whose bytes no training made: numbers, or errors of these bytes."""
    sql("GRANT SELECT ON t TO PUBLIC")
    name = fresh("mallory")
    project = made.project(mallory, name)
    snapshot = made.snapshot(mallory, project)
    mallory(f"SELECT pgml.grant_project('{name}', 'madpy')")
    made.ridge(mallory)
    whole = mallory.value("SELECT model FROM made_model")
    header, arrays = unpack(whole, MODEL_SK)
    altered = [b"", b"\x00", whole[:-1], whole[:40], whole + b"x", whole[:60] + b"\xff" * 8 + whole[68:]]
    for at, array in enumerate(arrays):
        if array.dtype.kind == "i" and len(array):
            for value in (-(2**31), -1, 2**31 - 1):
                changed = [one.copy() for one in arrays]
                changed[at][0] = value
                altered.append(pack(MODEL_SK, header, changed))
    outcomes = set()
    for content in altered:
        model = made.model(mallory, project, snapshot, f"'\\x{content.hex()}'::bytea")
        made.deploy(mallory, model)
        for call in (f"'{name}', 2.0", f"{model}, 2.0", f"'{name}', t"):
            try:
                sql(f"SELECT pgml.predict({call}) FROM t LIMIT 2")
                outcomes.add("number")
            except pg.DatabaseError as error:
                assert error.sqlstate in ("22P03", "42809", "22021", "22023", "22003", "0A000"), error
                outcomes.add("error")
    assert "error" in outcomes
    assert sql.value("SELECT 1") == 1


def test_the_table_of_another_roles_training_is_not_read_again(sql, mallory, owned, name):
    """A trainer's snapshot names a view that would run the trainer's functions with the owner's rights."""
    sql(f"SELECT pgml.grant_project('{name}', '{mallory.name}', 'trainer')")
    made.snapshot(mallory, owned[0], relation_name="trap")
    error = sql.fails(f"SELECT pgml.train('{name}')")
    assert error.sqlstate == "22023"
    assert error.message == f'pgml.train: the last training was one of role "{mallory.name}"'
    assert error.hint == "Name the relation to read: trap."
