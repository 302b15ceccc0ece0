"""What a run's status can be; the first four stand in run.json, the others are seen from outside."""

COMPLETED, FAILED, INTERRUPTED, RUNNING = "completed", "failed", "interrupted", "running"
CRASHED = "crashed"  # says running, and nobody holds its folder
PENDING = "pending"  # planned in a sweep, never begun
