"""A worker: it answers the requests of one session, until the session ends or is idle."""

import os
import select
import socket
from typing import Any

import numpy as np
from scipy.cluster import hierarchy  # noqa: F401  (birch imports it in a fit, where memory is short)
from sklearn import metrics

from madpy.worker import device, limits, memory, sandbox, threads
from madpy.worker.compare import compare
from madpy.worker.errors import WorkerError, fields_of
from madpy.worker.estimators import described
from madpy.worker.fit import fit, numbers_of
from madpy.worker.metrics import BETTER
from madpy.worker.process import DONE, GO, WANT
from madpy.worker.protocol import Closed, Message, TooLargeError, receive, send

TOO_LARGE = {
    "sqlstate": "54000",
    "message": "the model is too large for a column of a table",
    "hint": "train on fewer rows or features, or choose hyperparameters that make a smaller model",
}
MOST_KEPT_KB = 64 * 1024  # a worker that has kept more ends after its fit, and the next call gets a new one


def warm_up() -> None:
    """Have the parent do once what would cost each worker time and memory.

    These are the buffers of OpenBLAS, of which numpy and scipy have one each, and what scikit-learn imports
    to check arguments.  An OpenBLAS that gets no memory for its first buffer asks for it for ever.
    """
    metrics.r2_score(np.arange(3.0), np.arange(3.0))
    threads.prepare(1)


def run(parent: int, connection: socket.socket, control: socket.socket) -> None:
    """Serve one session over `connection`; the parent gives turns over `control`."""
    limits.name_process("madpy worker")
    limits.be_first_to_go()
    limits.forbid_files()
    sandbox.forbid_processes()
    memory.explain_crashes()
    session = Session(connection, control)
    try:
        while session.answer():
            pass
    except Closed:
        pass


class Session:
    """The requests of a session of the server."""

    def __init__(self, connection: socket.socket, control: socket.socket) -> None:
        self._connection = connection
        self._control = control
        self._idle = 60.0
        self._data_kb = limits.kilobytes_of_data()
        self._device = device.CPU
        self._keeps_more = False

    def answer(self) -> bool:
        """Answer the next request; return False if none has come for a while, or a new worker is better."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        if not poll.poll(self._idle * 1000):
            return False
        request = receive(self._connection, most_files=4)
        content = request.content
        self._idle = min(float(content.get("idle_seconds", self._idle)), 2e6)  # poll counts in milliseconds
        if content["do"] == "describe":
            self.say({"event": "done", "algorithms": described(), "metrics": BETTER})
            return True
        if content["do"] == "device":
            self.say({"event": "done", **device.described(str(content["device"]))})
            return True
        self._wait_for_turn(int(content["fits"]))
        try:
            is_well = self._fit(request)
        finally:
            self._control.send(DONE)
        limits.give_back_memory()
        if self._keeps_more:  # CUDA and its libraries, or threads: for the next fit
            self._keeps_more = False
            self._data_kb = limits.kilobytes_of_data()
        return is_well and limits.kilobytes_of_data() < self._data_kb + MOST_KEPT_KB

    def say(self, content: dict[str, Any], arrays: Any = ()) -> None:
        """Send an event of the running request; the last one of a request is "done" or "error"."""
        send(self._connection, Message(content, arrays))

    def _wait_for_turn(self, fits: int) -> None:
        """Wait until the parent says go: so many fits may run at once on the whole server."""
        self._control.send(WANT + str(fits).encode())
        while (answer := self._control.recv(64)) != GO:
            if not answer:
                raise Closed
            self.say({"event": "waiting", "before": int(answer)})

    def _fit(self, request: Message) -> bool:
        """Fit, and answer; return False after an error, since nobody knows what is left of it here."""
        content = request.content
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
        try:
            self._take_device(content)  # before the cap: memory that CUDA itself takes is not the fit's
            with threads.limited(int(content["threads"])) as has_new_threads:
                self._keeps_more |= has_new_threads
                with limits.memory(int(content["memory_kb"])):
                    self._answer_with_models(request)
            self.say({"event": "done"})
            return True
        except WorkerError as error:
            self.say({"event": "error", **error.fields()})
        except TooLargeError as error:
            self.say({"event": "error", **TOO_LARGE, "detail": f"it has {error}"})
        except Closed:
            raise
        except (Exception, SystemExit) as error:  # an error of a library
            if memory.is_reason_of(error):
                self.say({"event": "error", "sqlstate": memory.OUT_OF_MEMORY})
                return False
            self.say({"event": "error", **fields_of(error)})
        finally:
            self._device.release()
        return False

    def _answer_with_models(self, request: Message) -> None:
        run = {"fit": fit, "compare": compare}[request.content["do"]]
        for answer, arrays in run(request.content, list(request.files), self._device):
            self.say(answer, arrays)

    def _take_device(self, content: dict[str, Any]) -> None:
        """Choose the device of a request."""
        was_cpu = self._device.is_cpu
        settings = str(content["device"]), int(content["gpu_memory_kb"])
        self._device = device.chosen(*settings, numbers_of(content))
        self._keeps_more |= was_cpu and not self._device.is_cpu
