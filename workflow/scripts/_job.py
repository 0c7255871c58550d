"""What all scripts share: logs, limits on threads, and users' mistakes in one sentence.

`with job(snakemake):` wraps everything that a script does, including its heavy imports:
the limits on threads must be set before numpy and numba are loaded.
"""

import io
import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # the package beside this workflow, installed or not


@contextmanager
def job(snakemake):
    """Run a script's body with its log and threads; end it without a traceback on the terminal.

    A user's mistake (a `StrsbpError`, a full disk, a forbidden folder) ends the script with one
    sentence; its traceback goes to the log only. An interruption has none. Any other error is a
    bug, and its traceback goes to the terminal, too.
    """
    _limit_threads(snakemake.threads)
    from strsbp.errors import StrsbpError

    Path(snakemake.log[0]).parent.mkdir(parents=True, exist_ok=True)
    with open(snakemake.log[0], "w", encoding="utf-8") as log:
        terminal, stdout = sys.stderr, sys.stdout
        sys.stderr = sys.stdout = tee = Tee(terminal, log)
        try:
            yield
        except (StrsbpError, OSError) as error:
            traceback.print_exc(file=log)
            print(f"\nError in {snakemake.rule}: {error}", file=terminal)
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            print(f"\n{snakemake.rule} was interrupted.", file=sys.stderr)
            raise SystemExit(130) from None
        except Exception:
            traceback.print_exc(file=sys.stderr)
            raise SystemExit(1) from None
        finally:
            tee.finish()
            sys.stderr, sys.stdout = terminal, stdout


def _limit_threads(threads):
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    os.environ["MPLBACKEND"] = "agg"  # a notebook's backend would break every figure


class Tee(io.TextIOBase):
    """Writes text to the terminal as it is and, line by line, to the log.

    A line redrawn with carriage returns, such as a progress bar, is logged in its final state.
    """

    def __init__(self, terminal, log):
        self.terminal, self.log, self.line = terminal, log, ""

    def write(self, text):
        self.terminal.write(text)
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.log.write(_last_state(line) + "\n")
        self.line = _last_state(self.line)
        return len(text)

    def finish(self):
        """Log an unfinished line."""
        if self.line:
            self.log.write(self.line + "\n")
        self.line = ""
        self.flush()

    def flush(self):
        self.terminal.flush()
        self.log.flush()

    def isatty(self):
        return self.terminal.isatty()

    def fileno(self):
        return self.terminal.fileno()

    @property
    def encoding(self):
        return self.terminal.encoding


def _last_state(line):
    return line.rstrip("\r").rpartition("\r")[2]
