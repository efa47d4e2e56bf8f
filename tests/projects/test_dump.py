"""Projects go through pg_dump into a new cluster: rows, rights, numbers to come, and the same predictions."""

import os
import shutil
import subprocess
from contextlib import closing
from dataclasses import replace

import pytest

from madpy.config import load
from madpy.dev.server import client_environment
from madpy.dev.shards import Shard
from madpy.dev.state import here
from madpy.install import apply
from madpy.install.plan import Release
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from tests.projects import made
from tests.session import Session


@pytest.fixture(scope="module")
def cluster():
    """The address of an empty cluster that has the files of the library."""
    state = here()
    other = Shard(state.folder / f"shard-restored-{os.getpid()}", state.pg_config, state.root)
    yield other.start()
    other.stop()
    shutil.rmtree(other.folder, ignore_errors=True)


def call(address, program, *options, given=None):
    command = [here().program(program), *options]
    done = subprocess.run(command, input=given, capture_output=True, env=client_environment(address))
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def fill(sql):
    """Two projects with trained models of two roles, one whose owner was dropped, and a data set."""
    sql("CREATE TABLE public.t AS SELECT i::float8 AS x, 3.0 * i + 1 AS y FROM generate_series(1, 100) AS i")
    sql("SELECT * FROM pgml.train('One', 'regression', 'public.t', 'y', 'ridge')")
    sql("SELECT * FROM pgml.train('One', algorithm => 'random_forest', automatic_deploy => false)")
    sql("SELECT pgml.deploy('One', 'most_recent'), pgml.deploy('One', 'rollback')")
    sql("SELECT * FROM pgml.train('Two', 'regression', 'public.t', 'y', 'ridge', search => 'grid',"
        """ search_params => '{"alpha": [0.1, 1]}')""")  # fmt: skip
    sql("SELECT pgml.grant_project('One', 'dump_reader'), pgml.transfer_project('Two', 'dump_owner')")
    sql("SELECT * FROM pgml.train('Orphan', 'regression', 'public.t', 'y', 'linear')")
    sql("SELECT pgml.grant_project('Orphan', 'dump_owner')")
    sql("CREATE ROLE dump_gone; SELECT pgml.transfer_project('Orphan', 'dump_gone'); DROP ROLE dump_gone")
    sql("SELECT pgml.load_dataset('iris')")


def seen(sql):
    """All that views show, and predictions of every model."""
    rows = {view: sql(f"SELECT * FROM pgml.{view} AS v ORDER BY v::text") for view in made.VIEWS}
    models = [number for (number,) in sql("SELECT id FROM pgml.models ORDER BY id")]
    predictions = [sql(f"SELECT pgml.predict({model}, x) FROM public.t ORDER BY x") for model in models]
    return rows, predictions, sql("SELECT * FROM pgml.iris AS i ORDER BY i::text")


@pytest.mark.parametrize(
    ("product", "options"),
    [("extension", "-Fc"), ("extension", "-Fp --inserts"), ("plain", "-Fc"), ("plain", "-Fp")],
)
def test_a_dump_carries_projects_along(server, cluster, product, options):
    source, target = (replace(address, database=f"dump_{os.getpid()}") for address in (server, cluster))
    for address in (source, target):
        for role in ("dump_reader", "dump_owner"):
            call(address, "psql", "-qXd", "postgres", "-c", f"CREATE ROLE {role} LOGIN")
        call(address, "createdb", "-T", "template0", address.database)
    try:
        plpy.connect(source.database, source.host, source.port, source.user)
        apply.install(Database(plpy), Release(load()), product == "plain")
        plpy.close()
        with closing(source.connect()) as connection:
            sql = Session(connection)
            fill(sql)
            before = seen(sql)
        dump = call(source, "pg_dump", *options.split(), source.database)
        if options.startswith("-Fp"):
            call(target, "psql", "-qXv", "ON_ERROR_STOP=1", "-d", target.database, given=dump)
        else:
            call(target, "pg_restore", "--exit-on-error", "-d", target.database, given=dump)
        for role, projects in (("dump_reader", ["One"]), ("dump_owner", ["Orphan", "Two"])):
            with closing(target.connect(user=role)) as connection:
                seen_by_role = Session(connection)("SELECT name FROM pgml.projects ORDER BY name")
                assert seen_by_role == [(project,) for project in projects]
        with closing(target.connect()) as connection:
            whole(Session(connection), before)
    finally:
        for address in (source, target):
            call(address, "dropdb", "--if-exists", "--force", address.database)
            for role in ("dump_reader", "dump_owner"):
                call(address, "psql", "-qXd", "postgres", "-c", f"DROP ROLE {role}")


def whole(sql, before):
    """Compare the restored database with the first one, and go on in it."""
    after = seen(sql)
    assert after[0] == before[0]
    assert after[1:] == before[1:]
    assert len(before[0]["deployments"]) == 5
    sql("SELECT pgml.transfer_project('Orphan', 'dump_owner')")
    assert sql.value("SELECT owner::text FROM pgml.projects WHERE name = 'Orphan'") == "dump_owner"
    highest = sql.value("SELECT max(id) FROM pgml.models")
    assert sql("SELECT model_id > " + str(highest) + " FROM pgml.train('One', seed => 1)") == [(True,)]
    assert sql.fails("SELECT pgml.load_dataset('x')").sqlstate == "22023"
    assert sql.value("SELECT pgml.load_dataset('iris')") == "pgml.iris"
    name = made.fresh()
    project = made.project(sql, name)
    assert project == 4
    sql("SELECT pgml.drop_project('One')")
    assert sql("SELECT name FROM pgml.projects ORDER BY name") == [("Orphan",), (name,), ("Two",)]
