"""A database of the fuzzer's own."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from madpy.dev.server import Address


@contextmanager
def database(server: Address) -> Iterator[Address]:
    """A fresh database with the extension in it; dropped at the end."""
    address = replace(server, database=f"madpy_fuzz_{os.getpid()}")
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {address.database}")
    with closing(address.connect()) as connection:
        connection.set_notice_receiver(lambda notice: None)
        connection.query("CREATE EXTENSION madpy CASCADE")
    try:
        yield address
    finally:
        with closing(server.connect("postgres")) as maintenance:
            maintenance.query(f"DROP DATABASE IF EXISTS {address.database} WITH (FORCE)")
