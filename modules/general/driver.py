"""load_dataset: find the data set, create its table."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.general import core
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, identifier


def load_dataset(db: Database, name: str | None, output_table: str | None = None) -> str:
    """Create a table of the data set `name`; return its full name, quoted where SQL needs it."""
    known: str = helper.check_not_null("name", name)
    if known not in core.NAMES:
        raise MadpyError(f'there is no data set "{known}"', hint=f"there are: {', '.join(core.NAMES)}")
    output = helper.check_new_table(db, known if output_table is None else output_table)
    try:
        dataset = core.load(known)
    except FileNotFoundError as error:
        raise MadpyError(
            f'data set "{known}" comes with scikit-learn, which is not installed beside madpy',
            sqlstate="58P01",
            hint="install the Python package scikit-learn into the folder that madpy.python_path names",
            detail=str(error),
        ) from None
    db.execute(
        "CREATE TABLE {output:i} AS SELECT * FROM ROWS FROM ({arrays:q}) AS data ({names:q})",
        output=output,
        arrays=", ".join(
            fill("pg_catalog.unnest({values:l}::{type:q}[])", {"values": column.values, "type": column.type})
            for column in dataset.columns
        ),
        names=", ".join(identifier(column.name) for column in dataset.columns),
    )
    db.execute("COMMENT ON TABLE {output:i} IS {text:l}", output=output, text=dataset.description)
    return output.full_name
