"""The statuses of a run; the first four stand in run.json, the others are seen from outside."""

COMPLETED, FAILED, INTERRUPTED, RUNNING = "completed", "failed", "interrupted", "running"
CRASHED = "crashed"  # says running, and nobody holds its folder
PENDING = "pending"  # planned in a sweep, never begun
DIED = "its process died without reporting: killed, or out of memory"  # why a run is crashed
