"""`make demo`: real data, a regression trained inside PostgreSQL, each statement with what it returned."""

import subprocess
import sys
from pathlib import Path

from madpy.dev import server
from madpy.dev.state import State, here
from madpy.errors import MadpyError

# A remark, then a statement; psql prints both and the result.
STEPS = [
    (
        "A schema for the demonstration, and what an earlier run made in it.",
        """
CREATE SCHEMA IF NOT EXISTS demo;
SET search_path = demo, public;
DROP TABLE IF EXISTS diabetes, diabetes_model, diabetes_model_summary, by_sex, by_sex_summary;
DROP TABLE IF EXISTS houses, houses_model, houses_model_summary;
""",
    ),
    (
        "Real data: 442 patients, and the progression of their diabetes one year after the measurements.",
        """
SELECT madlib.load_dataset('diabetes');
SELECT age, sex, bmi, bp, target FROM diabetes LIMIT 3;
""",
    ),
    (
        "A linear regression, trained in the database.  The call returns a summary of it.",
        r"""
\x on
SELECT output_table, summary_table, num_rows_processed, r2, residual_std_err
FROM madlib.regr_train('diabetes', 'diabetes_model', 'target', 'age, sex, bmi, bp');
\x off
""",
    ),
    (
        "What came out, a row per term.",
        """
SELECT * FROM madlib.regr_summary('diabetes_model');
""",
    ),
    (
        "One model per group: the fifth argument names the columns to group by.",
        """
SELECT num_groups, num_rows_processed
FROM madlib.regr_train('diabetes', 'by_sex', 'target', 'age, bmi, bp', 'sex');
SELECT sex, feature_names, coef, r2 FROM by_sex ORDER BY sex;
""",
    ),
    (
        "Houses, with features that are expressions: an array is taken as written.",
        """
SELECT madlib.load_dataset('houses');
SELECT num_rows_processed, r2
FROM madlib.regr_train('houses', 'houses_model', 'price', 'ARRAY[1, tax, bath, ln(size)]');
SELECT * FROM madlib.regr_summary('houses_model');
""",
    ),
    (
        "The same arithmetic as an aggregate, in any query.",
        """
SELECT bedroom >= 3 AS large, count(*), madlib.mregr_coef(price, array[1, size])
FROM houses GROUP BY 1 ORDER BY 1;
""",
    ),
]

FAREWELL = """
That was it.  The tables are in schema demo of database {database}.  To go on from here:

    make psql                        a prompt in that database
    eval "$(make -s env)"; psql      the same for every other program: sets PGHOST, PGPORT, PGUSER, PGDATABASE
    make stop                        stops the server; the data stay

Everything lies in {folder}.
"""


def main() -> None:
    """Start the cluster, run the steps, say how to connect."""
    state = here()
    address = server.start(state)
    server.update_extension(state, address)
    show(state, address)
    print(FAREWELL.format(database=address.database, folder=state.folder))


def show(state: State, address: server.Address) -> None:
    """Run the steps in one psql session, which echoes each statement."""
    script = "".join(f"\\echo\n\\echo -- {heading}\n{statements.strip()}\n" for heading, statements in STEPS)
    command = [state.program("psql"), "-X", "-e", "-q", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-f", "-"]
    environment = server.client_environment(address) | {"PGOPTIONS": "-c client_min_messages=warning"}
    subprocess.run(command, input=script, text=True, check=True, env=environment, cwd=Path("/"))


if __name__ == "__main__":
    try:
        main()
    except MadpyError as error:
        sys.exit(server.report(error))
    except subprocess.CalledProcessError:
        sys.exit("madpy: the demonstration did not come to its end")
