"""Attacks by queries over the views of projects."""

import pytest

LEAK = """
    CREATE FUNCTION leak(x anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
    BEGIN
        RAISE WARNING 'seen: %', x;
        RETURN true;
    END $$;
    CREATE FUNCTION leak(x text, y text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
    BEGIN
        RAISE WARNING 'seen: %', x;
        RETURN true;
    END $$;
    CREATE OPERATOR <<< (leftarg = text, rightarg = text, function = leak);
"""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT FROM pgml.{view} AS v WHERE leak(v::text)",
        "SELECT FROM pgml.{view} AS v WHERE v::text <<< 'x'",
        "SELECT FROM pgml.{view} AS v JOIN pgml.projects AS p ON leak(v::text) WHERE leak(p.name)",
        "SELECT leak(v::text) FROM pgml.{view} AS v",
        "SELECT count(*) FILTER (WHERE leak(v::text)) FROM pgml.{view} AS v",
        "SELECT FROM pgml.{view} AS v WHERE CASE WHEN v IS NULL THEN true ELSE leak(v::text) END",
        "SELECT FROM (SELECT v::text AS x FROM pgml.{view} AS v OFFSET 0) AS s WHERE leak(x)",
    ],
)
def test_a_function_in_a_query_of_a_view_sees_no_row_of_others(sql, mallory, owned, query):
    mallory(LEAK)
    for (view,) in sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'pgml'::regnamespace AND relkind = 'v'"
    ):
        mallory(query.format(view=view))
        assert mallory.warnings == [], view


def test_a_view_over_the_views_shows_each_role_its_own(sql, schema, mallory, owned):
    """A view of the superuser's does not give the superuser's projects to mallory."""
    sql("CREATE VIEW given AS SELECT name, id FROM pgml.projects")
    sql("GRANT SELECT ON given TO PUBLIC")
    assert mallory("SELECT FROM given") == []
    assert sql(f"SELECT FROM given WHERE id = {owned[0]}") != []


def test_statistics_of_the_tables_are_hidden(sql, mallory, owned):
    sql("ANALYZE pgml.__projects")
    sql("ANALYZE pgml.__models")
    assert mallory("SELECT FROM pg_stats WHERE schemaname = 'pgml'") == []
