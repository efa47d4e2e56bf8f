"""The machines of Citus: whether each has the version of madpy that is here."""

from collections.abc import Iterator

from madpy.errors import MadpyError
from madpy.install.finding import Finding
from madpy.install.state import Installation
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.shards.servers import Worker, workers


def examine(db: Database, here: Installation | None) -> Iterator[Finding]:
    """Yield a finding for every other machine of Citus; none without Citus, or without madpy here."""
    if here is None:
        return
    try:
        machines = workers(Database(db.connection, here.schema))
    except MadpyError as error:
        yield Finding("Citus", f"not looked at: {error.message}", "note", "madpy doctor as a superuser")
        return
    for worker in machines:
        yield judged(worker, here)


def judged(worker: Worker, here: Installation) -> Finding:
    """Return the finding about a worker: the fact, and a remedy unless all is well."""
    what = f"worker {worker.name}"
    if worker.version == here.version:
        return Finding(what, f"madpy {worker.version}, the same as here")
    fact = worker.failure or f"madpy {worker.version}, but {here.version} here"
    remedy = f"make install of madpy {here.version} on that machine"
    if worker.failure and "does not exist" in worker.failure:
        remedy += "; then there, as a superuser: CREATE EXTENSION madpy CASCADE"
    return Finding(what, fact, "bad", remedy)
