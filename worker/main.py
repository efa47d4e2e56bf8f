"""The parent of the workers of one server: it has imported what fits need, and forks a worker per session.

It runs no fit itself, starts no thread, and ends with the server, or when no session has needed it for a
while.  A worker whose session goes away is killed at once, in whatever it is: that is how a fit is cancelled.
"""

import contextlib
import gc
import os
import resource
import signal
import socket

from madpy.worker import limits
from madpy.worker.server import Server

READY = b"\0ready"  # the last that the parent writes to standard error, for the session that has started it


def main(postmaster: int, listener: int) -> None:
    """Become a daemon, import the libraries, and serve sessions that connect to the listening socket."""
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits.name_process("madpy parent")
    limits.be_first_to_go(500)
    server = Server(postmaster)
    from madpy.worker import parent, serve  # imports scikit-learn: before any fork, so that memory is shared

    serve.warm_up()
    _allow_many_files()
    serving = parent.Parent(socket.socket(fileno=listener), server, serve.run)
    with contextlib.suppress(OSError):  # the session may have gone
        os.write(2, READY)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    os.close(silence)
    gc.collect()
    gc.freeze()  # so that collections of workers do not copy what they share
    serving.loop()


def _allow_many_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
