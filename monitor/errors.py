"""The error tree. Expected outcomes are return values; what stands here is what a caller must deal with.

CoopwatchError
  ConfigError      a person edits a file or a flag (exit code 2)
    RuleError      one fault in a rule file: file, line, what to do
    RuleErrors     every fault found while loading, reported at once
      ExampleErrors  the rules load, but examples of theirs do not hold
  TransientError   try later; may carry ``retry_after_s``
  PermanentError   trying again will not help: park it
  StoreError       the store cannot be used (exit code 3, or 4 where a restart may help)
"""

from __future__ import annotations

from collections.abc import Iterable


class CoopwatchError(Exception):
    """Root of every error that coopwatch raises on purpose."""

    exit_code = 1


class ConfigError(CoopwatchError):
    """A configuration, rule or usage error that a person mends; lists every fault found."""

    exit_code = 2


class RuleError(ConfigError):
    """One fault in a rule file, with the place to mend it."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, rule: str = "") -> None:
        self.message, self.file, self.line, self.rule = message, file, line, rule
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{message}")


class RuleErrors(ConfigError):
    """Every fault that one load of the rules found."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class ExampleErrors(RuleErrors):
    """The rules can be read, but do not do what their own examples say."""


class TransientError(CoopwatchError):
    """A failure that time may heal. ``retry_after_s`` is the wait the other side asked for, in seconds."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class PermanentError(CoopwatchError):
    """A failure that trying again will not heal."""


class StoreError(CoopwatchError):
    """The store cannot be used. ``restart_helps`` tells exit code 4 (disk full, connection) from 3 (read-only,
    newer schema, corrupt, second runner)."""

    def __init__(self, message: str, *, restart_helps: bool = False) -> None:
        self.restart_helps = restart_helps
        self.exit_code = 4 if restart_helps else 3
        super().__init__(message)
