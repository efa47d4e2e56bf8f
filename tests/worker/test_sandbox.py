"""A process behind the filter starts threads, and no process in any way."""

import subprocess
import sys

CODE = """
import ctypes, os, subprocess, threading
from madpy.worker import sandbox
assert sandbox.forbid_processes()
thread = threading.Thread(target=print, args=["a thread"])
thread.start()
thread.join()
for start in (os.fork, os.forkpty, lambda: os.execv("/bin/true", ["true"]),
              lambda: os.posix_spawn("/bin/true", ["true"], {}), lambda: subprocess.run("/bin/true")):
    try:
        start()
    except PermissionError:
        print("refused")
print(ctypes.CDLL(None).vfork())
"""


def test_processes_are_refused():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert (done.stdout.split("\n"), done.stderr) == (["a thread", *["refused"] * 5, "-1", ""], "")
