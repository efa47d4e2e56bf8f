"""python -m benchmarks [NAME...] [--rows N] [--rounds N] [--methods NAME,...] [--write]"""

import argparse
import os
import platform
import re
import shlex
import sys
from contextlib import closing
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pg

from benchmarks.accuracy import accuracy
from benchmarks.comparison import with_ratios
from benchmarks.database import Bench, bench_database
from benchmarks.dtree import decision_tree
from benchmarks.forest import forests
from benchmarks.growth import METHODS, by_features, by_groups, by_rows, feeds
from benchmarks.kmeans import kmeans
from benchmarks.logregr import logregr
from benchmarks.memory import memory
from benchmarks.nb import naive_bayes
from benchmarks.projects import predictions, single_rows, training
from benchmarks.report import document
from benchmarks.sk import beside, scoring, sk, sk_first
from benchmarks.speed import first, predict, speed
from benchmarks.stats import summaries
from benchmarks.text import text_features
from madpy.dev.server import report
from madpy.dev.state import CHECKOUT, say
from madpy.errors import MadpyError

TABLES = {
    "speed": speed,
    "predict": predict,
    "summaries": summaries,
    "first": first,
    "nb": naive_bayes,
    "memory": memory,
    "accuracy": accuracy,
    "logregr": logregr,
    "kmeans": kmeans,
    "dtree": decision_tree,
    "forest": forests,
    "sk": sk,
    "sk_scoring": scoring,
    "sk_beside": beside,
    "sk_first": sk_first,
    "projects": training,
    "projects_many": predictions,
    "projects_rows": single_rows,
    "text": text_features,
    "feeds": feeds,
    "rows": by_rows,
    "features": by_features,
    "groups": by_groups,
}
PAGE = CHECKOUT / "docs" / "benchmarks.md"
README = CHECKOUT / "README.md"


def main(arguments: list[str]) -> None:
    """Run the tables that were asked for, all if none were, and print each when it is done."""
    options = parse(arguments)
    with bench_database(options.rows, options.rounds, options.methods) as bench:
        lines = setting(bench)
        print("\n".join(lines))
        tables = []
        for name in options.names or TABLES:
            tables.append(TABLES[name](bench))
            print(f"\n{tables[-1].markdown()}", flush=True)
    if options.write:
        page = document(tables, command(arguments), lines)
        PAGE.write_text(page)
        README.write_text(with_ratios(README.read_text(), page))
        say(f"written: {PAGE.relative_to(CHECKOUT)}, and the ratios in {README.relative_to(CHECKOUT)}")


def parse(arguments: list[str]) -> argparse.Namespace:
    known = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=sys.modules["benchmarks"].__doc__
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which tables: {', '.join(TABLES)} (all)")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="of the table (%(default)s, 10000 or more)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each case is timed (%(default)s)")
    parser.add_argument(
        "--methods", default=",".join(known), help="in feeds, rows, features and groups (%(default)s)"
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(CHECKOUT)}")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in TABLES]
    if unknown:
        parser.error(f"there is no table {', '.join(unknown)}; there are {', '.join(TABLES)}")
    if options.rows < 10_000 or options.rounds < 1:
        parser.error("10,000 rows or more, and a round or more, are needed")
    options.methods = options.methods.split(",")
    strange = [name for name in options.methods if name not in known]
    if strange:
        parser.error(f"there is no growth of {', '.join(strange)}; there is of {', '.join(known)}")
    if options.write and (options.names or options.methods != known):
        parser.error("--write is for a whole run: leave the names and --methods out")
    return options


def command(arguments: list[str]) -> str:
    """How this run is repeated."""
    return f"make bench BENCH={shlex.quote(shlex.join(arguments))}"


def setting(bench: Bench) -> list[str]:
    """Where and on what the numbers came about."""
    with closing(bench.connect()) as connection:
        server, buffers, workers = connection.query(
            """
            SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('shared_buffers'),
                   current_setting('max_parallel_workers_per_gather')
            """
        ).getresult()[0]
    packages = ("numpy", "scikit-learn", "connectorx", "adbc-driver-postgresql", "pyarrow")
    return [
        f"{date.today().isoformat()}.",
        f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}.",
        f"PostgreSQL {server} as it comes: shared_buffers {buffers}, {workers} parallel workers a query.",
        f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in packages)}.",
    ]


def processor() -> str:
    """The processor's name, as Linux gives it."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0].strip() if names else platform.machine()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
