"""load_dataset: example data as a table of the schema of projects, for a user who may create none there."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.schema import own, write
from madpy.ports.postgres.session.db import Database

# Data sets of scikit-learn with one table of features and targets.
NAMES = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
DOWNLOADED = ("california_housing",)  # scikit-learn does not ship it


def load_dataset(db: Database, name: str | None) -> str:
    """Make a table of a data set, unless it is there; return its full name."""
    known = str(helper.check_not_null("name", name))
    if known in DOWNLOADED:
        raise MadpyError(
            f"data set {quoted(known)} does not come with scikit-learn, which downloads it",
            sqlstate="0A000",
            hint="load a file of it with COPY",
        )
    if known not in NAMES:
        raise MadpyError(f"there is no data set {quoted(known)}", hint=f"there are: {', '.join(NAMES)}")
    write(db, "load_dataset", "{name:l}::text", name=known)
    return f"{own(db)}.{known}"
