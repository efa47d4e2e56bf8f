"""Features with an offset behind them, as SQL."""

from madpy.ports.postgres.session.db import fill


def with_offset(vector: str, offset: str) -> str:
    """Return SQL of an array of features with the offset as its last element.

    An array that is NULL, empty or of several dimensions stays what it is, for C to skip or to refuse:
    array_append would make an array of the offset alone out of the first two.
    """
    return fill(
        "CASE pg_catalog.array_ndims({vector:q}) WHEN 1 THEN"
        " pg_catalog.array_append({vector:q}, {offset:q}) ELSE {vector:q} END",
        {"vector": vector, "offset": offset},
    )
