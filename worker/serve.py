"""A worker: it answers the requests of one session, until the session ends or is idle."""

import select
import socket
from typing import Any

from threadpoolctl import threadpool_limits

from madpy.worker import device, limits
from madpy.worker.errors import WorkerError
from madpy.worker.estimators import described
from madpy.worker.fit import fit, numbers_of
from madpy.worker.main import DONE, GO, WANT
from madpy.worker.protocol import Closed, Message, receive, send

OUT_OF_MEMORY = "53200"


def run(parent: int, connection: socket.socket, control: socket.socket) -> None:
    """Serve one session over `connection`; the parent gives turns over `control`."""
    limits.end_with_parent(parent)
    limits.be_first_to_go()
    limits.forbid_files()
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

    def answer(self) -> bool:
        """Answer the next request; return False if none has come for a while."""
        if not select.select([self._connection], [], [], self._idle)[0]:
            return False
        request = receive(self._connection, most_files=1)
        content = request.content
        self._idle = float(content.get("idle_seconds", self._idle))
        if content["do"] == "describe":
            self.say({"event": "done", "algorithms": described()})
            return True
        if content["do"] == "device":
            self.say({"event": "done", **device.described(str(content["device"]))})
            return True
        self._wait_for_turn(int(content["fits"]))
        try:
            self._fit(request)
        finally:
            self._control.send(DONE)
        return True

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

    def _fit(self, request: Message) -> None:
        content = request.content
        used = device.CPU
        try:
            # Before the cap: memory of the machine that CUDA itself takes does not count.
            settings = str(content["device"]), int(content["gpu_memory_kb"])
            used = device.chosen(*settings, numbers_of(content))
            limits.cap_memory(int(content["memory_kb"]))
            with threadpool_limits(int(content["threads"])):
                for answer, arrays in fit(content, request.files[0] if request.files else None, used):
                    self.say(answer, arrays)
            self.say({"event": "done"})
        except WorkerError as error:
            self.say({"event": "error", **error.fields()})
        except MemoryError:
            self.say({"event": "error", "sqlstate": OUT_OF_MEMORY, "message": "out of memory"})
        except Closed:
            raise
        except Exception as error:  # of a library: the session gets its text, and nothing else is lost
            text = f"{type(error).__name__}: {error}"[:2000]
            self.say({"event": "error", "sqlstate": "22023", "message": "the fit failed", "detail": text})
        finally:
            limits.uncap_memory()
            used.release()
