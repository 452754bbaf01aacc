"""Workers to be killed: a process with everything loaded that forks one per line.

Run as `python -m tests.delivery_worker`; settings come from the environment. For each
line on its input (the seconds of a lease) it starts the real worker in a child and
prints the child's pid. A first line says that it is ready: it has ticked once itself,
so that no child is busy compiling queries and templates when it is to be killed.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

from app import create_app
from booking import jobs
from booking.db import db


def main() -> None:
    app = create_app()
    jobs.tick_once(app)
    with app.app_context():
        db.engine.dispose()  # each child connects anew
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        app.config["MAIL_LEASE"] = timedelta(seconds=int(line))
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            jobs.run_worker(app)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
