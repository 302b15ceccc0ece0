"""The two ways in which a user's own input can stop the runner, each shown as plain lines."""


class ConfigError(Exception):
    """What was asked is invalid or refused (exit 2): one line a problem, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class DataError(Exception):
    """The data, a disk or a folder cannot be used (exit 1): one line with file and remedy."""
