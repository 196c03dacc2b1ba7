"""Every error that snnc raises for a user's mistake, with the exit code it leads to."""

from typing import ClassVar

from snnc.base.quoting import printable, shortened

MAX_PLACE = 160
MAX_LINE = 400
"""Longest place, and longest line of a message, in characters."""


class SnncError(Exception):
    """A mistake outside snnc: one message, an optional place, an optional checked remedy.

    `message` states the fact with both numbers; `where` names the layer or file;
    `hint` is a remedy that was checked to work. Whatever they quote, they are of bounded length and without
    control characters, and only a message has several lines.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = "\n".join(shortened(printable(line), MAX_LINE) for line in message.split("\n"))
        self.where = None if where is None else shortened(printable(where), MAX_PLACE)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(SnncError):
    """An option or argument that names nothing or cannot be combined."""

    exit_code = 2
    code = "usage"


class FileError(SnncError):
    """A file that is missing, cut short, not of the stated format, or hostile."""

    exit_code = 2
    code = "bad-file"


class TargetError(SnncError):
    """A target that is unknown or whose description breaks the schema."""

    exit_code = 2
    code = "bad-target"


class LinkError(SnncError):
    """A board that does not answer, or that is not the one the build was made for."""

    exit_code = 2
    code = "link"


class DoesNotFit(SnncError):
    """The model needs more of something than the target has."""

    exit_code = 3
    code = "does-not-fit"


class TimingFailed(SnncError):
    """The placed design is slower than its clock."""

    exit_code = 3
    code = "timing-failed"


class UnsupportedModel(SnncError):
    """A layer or parameter that breaks a rule of the numeric contract or of the target."""

    exit_code = 4
    code = "unsupported-model"


class MismatchError(SnncError):
    """Two executions of the same network differ."""

    exit_code = 5
    code = "mismatch"


class BudgetExceeded(SnncError):
    """Energy, latency or accuracy is outside the budget the user set."""

    exit_code = 6
    code = "budget-exceeded"


class MiscompileError(SnncError):
    """A compiled program computes something else than its network: a bug of snnc."""

    exit_code = 1
    code = "miscompiled"


class VerificationError(SnncError):
    """An intermediate representation breaks one of its own invariants: a bug of snnc."""

    exit_code = 1
    code = "invalid-ir"


def require(condition: bool, where: str, message: str) -> None:
    """Raise VerificationError at `where` unless the invariant holds."""
    if not condition:
        raise VerificationError(message, where=where)
