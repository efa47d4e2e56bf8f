"""Calls find their function whatever types a client gives: none, or a larger one than is needed."""

from collections.abc import Callable, Iterator

import pytest

from tests.projects import made
from tests.session import Session

ROW = ("0.25", "-0.5")


@pytest.fixture
def project(sql: Session) -> Iterator[tuple[str, int]]:
    """The name of a project and the number of its model, which is linear in a and b."""
    name = made.fresh()
    unused = "id, g, c, yes, five, nan, inf"
    sql(f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'linear', exclude => '{unused}')")
    yield name, sql.value(f"SELECT deployed_model FROM pgml.projects WHERE name = '{name}'")
    sql(f"SELECT pgml.drop_project('{name}')")


def test_whole_numbers_of_drivers_are_bigint(sql: Session) -> None:
    """An integer is taken for a bigint, and not the other way: clients send those of numpy as bigint."""
    narrow = sql(
        """
        SELECT p.oid::regprocedure::text, t.typ::regtype::text
        FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang AND lanname = 'plpython3u',
             unnest(proargtypes::oid[]) AS t (typ)
        WHERE pronamespace IN ('madlib'::regnamespace, 'pgml'::regnamespace)
          AND NOT starts_with(proname, '__')
          AND typ IN ('integer'::regtype, 'smallint'::regtype, 'real'::regtype)
        """
    )
    assert narrow == []


def test_numbers_of_numpy_reach_drivers_and_predictions(sql: Session, project: tuple[str, int]) -> None:
    name, model = project
    sql(
        f"""
        CREATE FUNCTION from_numpy() RETURNS float8[] LANGUAGE plpython3u AS $$
        import numpy as np
        def run(sql, types, *values):
            return next(iter(plpy.execute(plpy.prepare(sql, types), list(values))[0].values()))
        run("SELECT madlib.kmeans_train('t', 'k', 'a, b', $1)", ["int8"], np.int64(2))
        run("SELECT madlib.dtree_train('t', 'd', 'c', 'a, b', max_depth => $1)", ["int8"], np.int64(3))
        run("SELECT madlib.sk_train('t', 's', 'y', 'a, b', 'ridge', seed => $1)", ["int8"], np.int64(3))
        run("SELECT (pgml.train('{name}', seed => $1)).status", ["int8"], np.int32(5))
        return [
            run("SELECT pgml.predict('{name}', $1, $2)", ["int8", "int2"], np.int64(1), np.int16(2)),
            run("SELECT pgml.predict($1, 1, 2)", ["int8"], np.int64({model})),
        ]
        $$
        """
    )
    first, second = sql.value("SELECT from_numpy()")
    assert first == second == sql.value(f"SELECT pgml.predict({model}, 1.0::float8, 2.0::float8)")


@pytest.fixture
def answers(sql: Session) -> Callable[[str, str], list[list[object]]]:
    """The rows of a call with features as a literal, as a parameter without a type, or as several."""

    def call(function: str, source: str) -> list[list[object]]:
        array = "{" + ",".join(ROW) + "}"
        literal = sql(f"SELECT {function}, '{array}') AS p {source}")
        parameter = sql.connection.query(f"SELECT {function}, $1) AS p {source}", (array,)).getresult()
        if "dtree" in function or "nb" in function:  # they take arrays only
            return [literal, parameter]
        one_by_one = sql.connection.query(f"SELECT {function}, $1, $2) AS p {source}", ROW).getresult()
        return [literal, parameter, one_by_one]

    return call


@pytest.mark.parametrize(
    ("method", "function"),
    [
        ("dtree", "predict"),
        ("dtree", "predict_prob"),
        ("dtree", "predict_number"),
        ("nb", "predict"),
        ("nb", "predict_prob"),
    ],
)
def test_an_array_without_a_type_is_one_of_features(
    sql: Session, answers: Callable[[str, str], list[list[object]]], method: str, function: str
) -> None:
    """Predictions from it are those from an array of numbers."""
    target = "y" if function == "predict_number" else "c"
    sql(f"SELECT madlib.{method}_train('t', 'm', '{target}', 'a, b')")
    called = f"madlib.{method}_{function}(model"
    wanted = sql(f"SELECT {called}, ARRAY[{','.join(ROW)}]::float8[]) FROM m_summary")
    assert wanted and answers(called, "FROM m_summary") == [wanted] * 2


@pytest.mark.parametrize(
    "function", ["predict", "predict_all", "predict_class", "predict_prob", "decision", "explain"]
)
def test_features_of_sk_without_types(
    sql: Session, answers: Callable[[str, str], list[list[object]]], function: str
) -> None:
    has_classes = function in ("predict_class", "predict_prob", "decision")
    target, algorithm = ("yes", "lda") if has_classes else ("y", "ridge")
    sql(f"SELECT madlib.sk_train('t', 'm', '{target}', 'a, b', '{algorithm}')")
    called = f"madlib.sk_{function}(model"
    wanted = sql(f"SELECT {called}, {','.join(ROW)}) FROM m")
    assert wanted and answers(called, "FROM m") == [wanted] * 3


@pytest.mark.parametrize("function", ["predict", "predict_joint", "explain"])
def test_features_of_projects_without_types(
    sql: Session, answers: Callable[[str, str], list[list[object]]], project: tuple[str, int], function: str
) -> None:
    for subject in (f"'{project[0]}'", str(project[1])):
        wanted = sql(f"SELECT pgml.{function}({subject}, {','.join(ROW)})")
        assert wanted and answers(f"pgml.{function}({subject}", "") == [wanted] * 3
