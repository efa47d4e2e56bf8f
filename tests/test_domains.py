"""Domains, also over domains, are in every method what the type under them is."""

import pytest

from tests.call import named

# Of each type a value made of i, the number of a row: three different ones.
VALUES = {
    "boolean": "NULLIF(i % 3, 2) > 0",
    "smallint": "i % 3",
    "bigint": "i % 3",
    "numeric": "i % 3",
    "real": "i % 3",
    "double precision": "i % 3",
    "text": "'k' || i % 3",
    "varchar(9)": "'k' || i % 3",
    "char(4)": "'k' || i % 3",
    "name": "'k' || i % 3",
    "size": "(ARRAY['small', 'medium', 'large'])[i % 3 + 1]::size",
    "date": "date '2020-01-01' + i % 3",
    "timestamptz": "timestamptz '2020-01-01 00:00+00' + (i % 3) * interval '1 day'",
    "uuid": "md5((i % 3)::text)::uuid",
}
NUMBERS = ("smallint", "bigint", "numeric", "real", "double precision")
CATEGORIES = ("boolean", "text", "varchar(9)", "char(4)", "name", "size")


@pytest.fixture(params=VALUES)
def kind(sql, request):
    """`plain` has a column v of this type and two that are 0 or 1; in `dressed` v is of a domain over it."""
    value = VALUES[request.param]
    sql("CREATE TYPE size AS ENUM ('small', 'medium', 'large')")
    sql(f"CREATE DOMAIN under AS {request.param}; CREATE DOMAIN own AS under")
    sql(
        f"CREATE TABLE plain AS SELECT i, sin(i * i) AS a, i % 2 AS g, i % 2 = 0 AS yes,"
        f" ({value})::{request.param} AS v"
        " FROM generate_series(1, 60) AS i"
    )
    sql("CREATE TABLE dressed AS SELECT i, a, g, yes, v::own AS v FROM plain")
    return request.param


def same(sql, method: str, predicts: bool = True, **arguments) -> None:
    """A training and its prediction have the same rows over both tables; an error is the same error."""
    figures = {}
    for source in ("plain", "dressed"):
        output = f"m_{source}"
        sql(f"DROP TABLE IF EXISTS {output}, {output}_summary, p_{output}")
        call = named(f"{method}_train", source_table=source, output_table=output, **arguments)
        try:
            sql(call)
        except Exception as error:  # what the server says of both has to be the same
            figures[source] = str(error).split("CONTEXT")[0].replace("own", "under")
            continue
        columns = [name for name in sql.rows(f"SELECT * FROM {output} LIMIT 1")[0] if name != "v"]
        figures[source] = [sorted(map(repr, sql(f"SELECT {', '.join(columns)} FROM {output}")))]
        if predicts:
            sql(f"SELECT madlib.{method}_predict('{output}', '{source}', 'p_{output}')")
            added = [n for n in sql.rows(f"SELECT * FROM p_{output} LIMIT 1")[0] if n not in ("v", "i")]
            figures[source].append(sql(f"SELECT {', '.join(added)} FROM p_{output} ORDER BY i"))
    assert figures["plain"] == figures["dressed"]
    assert isinstance(figures["plain"], list), figures["plain"]


def test_features(sql, kind):
    if kind not in NUMBERS + CATEGORIES:
        return
    same(sql, "regr", target="a", features="v")
    same(sql, "logregr", target="yes", features="v, a")
    same(sql, "nb", target="yes", features="v, a")
    same(sql, "dtree", target="yes", features="v, a")
    same(sql, "dtree", target="a", features="v")
    same(sql, "kmeans", features="v, a", k=2, seed=1)
    if kind in NUMBERS:
        same(sql, "regr", target="a", features="i", weights="v")
        same(sql, "nb", target="yes", features="v, a", categorical_cols="v")
        same(sql, "dtree", target="yes", features="v, a", categorical_cols="v")


def test_targets(sql, kind):
    if kind in NUMBERS:
        same(sql, "regr", target="v", features="a")
    if kind == "boolean":
        same(sql, "logregr", target="v", features="a")
    else:
        sql("DELETE FROM plain WHERE i % 3 = 0; DELETE FROM dressed WHERE i % 3 = 0")
        same(sql, "logregr", target="v", features="a")
    same(sql, "nb", target="v", features="a")
    same(sql, "nb", target="v", features="a", grouping_cols="g")
    same(sql, "dtree", target="v", features="a")


def test_groups(sql, kind):
    for method, arguments in {
        "regr": {"target": "a", "features": "i"},
        "logregr": {"target": "yes", "features": "a"},
        "nb": {"target": "yes", "features": "a"},
        "dtree": {"target": "yes", "features": "a"},
        "kmeans": {"features": "a", "k": 2, "seed": 1},
    }.items():
        same(sql, method, grouping_cols="v", **arguments)
