"""The conversation with the server: many calls a round trip, each error caught, each result looked at."""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pg

from madpy.dev.place import C_SOURCES
from madpy.dev.server import Address
from madpy.dev.state import CHECKOUT
from tests.fuzz.values import sql

SECRET = "madpysecret"  # what earlier memory of a backend held
# What guarded.h fills memory with that nobody wrote: as bytea, double and integers.
FILLINGS = "cb" * 8 + "|-1.363115719988382e\\+57|-875836469|-3761688987579986997"
FAULT = re.compile(r"runtime error|AddressSanitizer|^==\d+==|was terminated by signal|TRAP:|PANIC:")
SOURCES = "|".join(path.stem for folder in C_SOURCES for path in (CHECKOUT / folder).rglob("*.c"))
OURS = re.compile(rf"^==\d+==    (?:at|by) .*\((?:{SOURCES})\.c:\d+\)|^==\d+== .*/madpy\.so\)", re.MULTILINE)
LONGEST_RESULT = 8000
ATTEMPT = f"""
    CREATE FUNCTION pg_temp.attempt(calls text[])
    RETURNS TABLE (state text, said text, seconds double precision, value text) LANGUAGE plpgsql AS $$
    DECLARE
        call text;
        began timestamptz;
    BEGIN
        FOREACH call IN ARRAY calls LOOP
            value := repeat('{SECRET}', 800 + 200 * (length(call) % 20));
            began := clock_timestamp();
            value := NULL;
            BEGIN
                EXECUTE call INTO value;
                RAISE EXCEPTION USING ERRCODE = 'FUZZ0', MESSAGE = 'undo what the call has made';
            EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
                state := SQLSTATE;
                said := SQLERRM;
            END;
            seconds := extract(epoch FROM clock_timestamp() - began);
            BEGIN
                PERFORM convert_to(said, 'UTF8'), convert_to(value, 'UTF8');
                said := left(said, 500);
            EXCEPTION WHEN OTHERS THEN
                state := 'bytes';
                said := 'a text that is not UTF-8';
                value := NULL;
            END;
            IF left(value, 1000000) ~ '{FILLINGS}|{SECRET.encode().hex()}|{SECRET}' THEN
                state := 'leak';
                said := 'a result with memory that was not written';
            END IF;
            IF length(value) > {LONGEST_RESULT} THEN
                value := NULL;
            END IF;
            RETURN NEXT;
        END LOOP;
    END $$
"""


class DiedError(Exception):
    """The backend is gone; the text is what the server's log says of it."""


class TimedOutError(Exception):
    """The calls took longer than they may."""


@dataclass(frozen=True)
class Outcome:
    """The result of a call: its SQLSTATE, or FUZZ0 if it returned a value."""

    state: str
    said: str
    seconds: float
    value: str | None


class Session:
    """One backend, of a login without rights; a new one after it has died."""

    def __init__(self, address: Address, log: Path, limit: float) -> None:
        self.address = address
        self.log = log
        self.limit = limit
        self.connection = self.connect()
        self.base = self.peak

    def connect(self) -> pg.Connection:
        """Wait for the server while it recovers; it may let in and throw out once more before it does."""
        settings = f"SET statement_timeout = '{self.limit}s'; SET max_parallel_workers_per_gather = 0"
        for _ in range(600):
            try:
                connection = self.address.connect()
                connection.set_notice_receiver(lambda notice: None)
                connection.query(f"{settings}; {ATTEMPT}")
                return connection
            except (pg.Error, ValueError):
                time.sleep(0.2)
        raise DiedError("the server did not come back")

    def attempt(self, statements: list[str]) -> list[Outcome]:
        """Execute each; nothing of it stays."""
        where = self.log.stat().st_size
        abort = threading.Timer(2 * self.limit + 5, os.kill, (self.connection.backend_pid, signal.SIGABRT))
        abort.start()
        try:
            rows = self.connection.query(
                f"SELECT * FROM pg_temp.attempt({sql('text[]', statements)})"
            ).getresult()
            if block := next(self.memcheck_blocks(where), None):
                raise DiedError(block)
            return [Outcome(*row) for row in rows]
        except (pg.DatabaseError, ValueError) as error:  # PyGreSQL raises either where the connection is lost
            state = getattr(error, "sqlstate", None) or "57P02"
            if state == "57014":
                raise TimedOutError from None
            if not state.startswith("57P"):
                raise
            time.sleep(0.5)  # until the server has noticed
            self.reconnect()
            raise DiedError(self.report(where)) from error
        finally:
            abort.cancel()

    def reconnect(self) -> None:
        self.connection.close()
        self.connection = self.connect()
        self.base = self.peak

    def memcheck_blocks(self, where: int) -> Iterator[str]:
        """Yield reports of valgrind on the library; PostgreSQL itself writes padding that is not set."""
        if self.log.stat().st_size > where:
            for block in re.split(r"^==\d+== *$", "\n".join(self.lines(where)), flags=re.MULTILINE):
                if "== " in block and OURS.search(block):
                    yield block.strip()

    def lines(self, where: int) -> list[str]:
        """The log from a place on."""
        with self.log.open("rb") as file:
            file.seek(where)
            return file.read().decode(errors="replace").splitlines()

    def report(self, where: int) -> str:
        """Return lines of the log about the fault, from the first one after `where` that mentions it."""
        lines = self.lines(where)
        first = next((n for n, line in enumerate(lines) if FAULT.search(line)), 0)
        return "\n".join(lines[first : first + 25])

    @property
    def grown(self) -> int:
        """How much more memory, in MB, the backend has had than it began with."""
        return self.peak - self.base

    @property
    def peak(self) -> int:
        """The most memory, in MB, that the backend has had."""
        status = Path(f"/proc/{self.connection.backend_pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024
