"""A database of the fuzzer's own."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from madpy.dev.server import Address
from tests.fuzz.values import TEXTS
from tests.projects import made
from tests.session import Session
from tests.sk.calls import PACKED


@contextmanager
def database(server: Address) -> Iterator[Address]:
    """A fresh database with the extension in it; dropped at the end."""
    address = replace(server, database=f"madpy_fuzz_{os.getpid()}")
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {address.database}")
    with closing(address.connect()) as connection:
        connection.set_notice_receiver(lambda notice: None)
        connection.query("CREATE EXTENSION madpy CASCADE")
        make_projects(Session(connection))
    try:
        yield address
    finally:
        with closing(server.connect("postgres")) as maintenance:
            maintenance.query(f"DROP DATABASE IF EXISTS {address.database} WITH (FORCE)")


def make_projects(session: Session) -> None:
    """Make a project for a small model of each kind; the names are texts that the fuzzer gives."""
    for number, model in enumerate(PACKED["sk_"]()):
        name = TEXTS[number] if number < len(TEXTS) else f"p{number}"
        project = made.project(session, name.replace("'", "''"))
        bytes_of_model = f"'\\x{model.hex()}'::bytea"
        made.deploy(session, made.model(session, project, made.snapshot(session, project), bytes_of_model))
