"""Runs a command on a terminal of its own and types.

Takes one JSON object: "argv", and "steps" of [the text to wait for, "raw" | "cooked", the keys]. Prints one
with the exit code, what was shown, and the terminal's local modes before and after.
"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

FLAGS = {"echo": termios.ECHO, "icanon": termios.ICANON, "isig": termios.ISIG}


def modes(terminal: int) -> dict[str, bool]:
    """Read the local modes of a terminal."""
    local = termios.tcgetattr(terminal)[3]
    return {name: bool(local & flag) for name, flag in FLAGS.items()}


def lead(argv: list[str], report: int) -> None:
    """In the child, which stays when the command ends: without it the terminal would be gone."""
    signal.signal(signal.SIGINT, lambda *_: None)
    before = modes(0)
    code = subprocess.call(argv)
    with os.fdopen(report, "w") as out:
        json.dump({"code": code, "before": before, "after": modes(0)}, out)


def main() -> None:
    """Type at the command, and report how it ended."""
    task = json.loads(sys.argv[1])
    result, report = os.pipe()
    child, master = pty.fork()
    if child == 0:
        lead(task["argv"], report)
        os._exit(0)
    os.close(report)
    shown, steps, typed = b"", list(task["steps"]), 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.02)[0]:
            try:
                read = os.read(master, 4096)
            except OSError:  # Linux: everybody has left the terminal.
                read = b""
            if not read:
                break
            shown += read
        if steps:
            text, mode, keys = steps[0]
            at = shown.find(text.encode(), typed)
            if at >= 0 and modes(master)["isig"] == (mode == "cooked"):
                typed = at + len(text)
                os.write(master, keys.encode())
                steps.pop(0)
    else:
        os.kill(child, signal.SIGKILL)
        sys.exit("nothing happens any more: " + repr(shown))
    with os.fdopen(result) as source:
        answer = json.load(source)
    print(json.dumps(answer | {"shown": shown.decode(errors="replace")}))


main()
