"""The front door: picks the verb, nothing else."""

import importlib
import logging
import os
import signal
import sys

from runner.errors import did_you_mean
from runner.system import console, signals

VERBS = ("compare", "data", "export", "final", "predict", "resume", "test")
PRINTED = (["compare"], ["data"], ["predict"])  # what they are for is on the screen: lost, they have failed


def main() -> None:
    """`runner …` and `python -m runner …`; exit codes as in the README."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signals.leave)  # importing a command takes a moment, and has no end of its own
    console.open_missing_streams()
    console.replace_unencodable(sys.stdout, sys.stderr)
    try:
        os.getcwd()
    except FileNotFoundError:
        console.say("the current folder does not exist any more: change into another one", sys.stderr)
        sys.exit(1)
    os.environ["MPLBACKEND"] = "agg"  # pictures are files; matplotlib refuses to start with a name it does not know
    if logging.lastResort:  # which shows warnings where nothing else does
        logging.lastResort.setFormatter(console.OneLine())
    words = sys.argv[1:]
    if words[:1] in PRINTED and hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it; a training goes on without a reader
    try:
        code = _dispatch(words)
    finally:
        with console.dropped(sys.stdout):
            sys.stdout.flush()
    sys.exit(code or int(sys.stdout in console.lost and words[:1] in PRINTED))


def _dispatch(words: list[str]) -> int:
    first = words[0] if words else ""
    if first in VERBS:
        return importlib.import_module(f"runner.cli.{first}").main(words[1:])
    if first and "=" not in first and first[0] not in "-~+":
        hint = did_you_mean(first, VERBS) or "; write key=value, or --help"
        console.say(f"{first} is not one of the verbs {', '.join(VERBS)}{hint}", sys.stderr)
        return 2
    from runner.cli import train

    return train.main(words)


if __name__ == "__main__":
    main()
