"""A training by dbt beside a notebook: python -m benchmarks.dbt [--rows N].

Measured are the memory of the client at most, and the bytes that left the database and that came to it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from ast import literal_eval
from contextlib import closing
from pathlib import Path

import numpy as np
import pg

from benchmarks.database import bench_database
from benchmarks.relay import Relay
from benchmarks.report import Table
from madpy.dev import dbt
from madpy.dev.server import Address, report
from madpy.dev.state import here
from madpy.errors import MadpyError

SCHEMA = "houses_of_dbt"
NOTEBOOK = Path(__file__).with_name("notebook.py")
NAMES = {"walls=wood": "walls_wood"}  # terms of madpy, and columns of pandas


def main(arguments: list[str]) -> None:
    """Build the table, train each way, compare the coefficients, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dbt", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the table (%(default)s)")
    rows = parser.parse_args(arguments).rows
    state = here()
    project = dbt.copy_projects(state) / "integration_tests"
    run = [dbt.program(state), "--quiet", "run", "--vars", json.dumps({"number_of_houses": rows}), "--select"]
    with bench_database(10_000, 1, []) as bench, closing(Relay(bench.address.host)) as relay:
        address = Address(relay.host, database=bench.address.database)
        environment = dbt.variables(address) | {"DBT_SCHEMA": SCHEMA}
        for command in ([dbt.program(state), "--quiet", "deps"], [*run, "houses"]):
            subprocess.run(command, cwd=project, env=environment, check=True)
        python = [sys.executable, str(NOTEBOOK)]
        ways = {
            "dbt run of an ml_model": [*run, "price_regr"],
            "the same again: UNCHANGED": [*run, "price_regr"],
            "notebook, pandas.read_sql": [*python, "pandas", SCHEMA],
            "notebook, ADBC and Arrow": [*python, "adbc", SCHEMA],
        }
        lines = []
        for name, command in ways.items():
            relay.reset()
            seconds, megabytes, output = measured(command, project, environment)
            lines.append(
                [
                    name,
                    f"{megabytes:,.0f}",
                    f"{relay.received / 1e6:,.3f}",
                    f"{relay.sent / 1e6:,.3f}",
                    f"{seconds:.1f}",
                ]
            )
            print(*lines[-1], sep="  ", file=sys.stderr, flush=True)
            if "notebook" in name:
                compare(bench.connect(), literal_eval(output))
    head = ["training", "memory of the client, MB", "out of the database, MB", "into it, MB", "seconds"]
    text = f"A linear regression of {rows:,} rows, four features, one of them a text."
    print(Table("A training by dbt, and by a notebook", text, head, lines).markdown())


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, str]:
    """Run a program; return seconds, the most memory that it had, in MB, and what it printed."""
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MadpyError(f"{command[0]} failed", detail=output)
    return time.perf_counter() - started, usage.ru_maxrss * 1.024e-3, output


def compare(connection: pg.Connection, coefficients: dict[str, float]) -> None:
    """Check that the model of dbt is that of the notebook."""
    with closing(connection):
        ((names, values),) = connection.query(
            f"SELECT feature_names, coef FROM {SCHEMA}.price_regr"
        ).getresult()
    ours = {NAMES.get(name, name): value for name, value in zip(names, values, strict=True)}
    np.testing.assert_allclose([ours[name] for name in coefficients], list(coefficients.values()), rtol=1e-6)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
