"""Runs a command and watches what it holds: watch.py WARM_UP COMMAND...

Prints how much memory, how many handles and threads the process had at most in the first part of
its time, after WARM_UP seconds, and in the last; fails where the command does with more than 1,
which is that some inputs failed, or where the last part has clearly more.
"""

import os
import subprocess
import sys
import time


def number(pid, field):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def sample(pid):
    """Megabytes, handles, threads."""
    return (
        number(pid, "VmRSS:") // 1024,
        len(os.listdir(f"/proc/{pid}/fd")),
        number(pid, "Threads:"),
    )


def most(samples):
    return [max(values) for values in zip(*samples)]


def main():
    warm_up = float(sys.argv[1])
    start = time.monotonic()
    process = subprocess.Popen(sys.argv[2:])
    samples = []
    while process.poll() is None:
        try:
            if time.monotonic() - start > warm_up:
                samples.append(sample(process.pid))
        except (OSError, StopIteration):  # it has just ended
            pass
        time.sleep(0.2)
    if process.returncode not in (0, 1) or len(samples) < 20:
        sys.exit(f"exit code {process.returncode} after {len(samples)} looks")
    third = len(samples) // 3
    first, last = most(samples[:third]), most(samples[-third:])
    print(
        f"{first[0]} to {last[0]} MB, {first[1]} to {last[1]} handles, {first[2]} to {last[2]} threads"
    )
    slack = (first[0] * 0.1 + 8, 2, 0)
    if any(after > before + more for before, after, more in zip(first, last, slack)):
        sys.exit("it grows")


main()
