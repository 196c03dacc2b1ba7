"""A mutation of the design: one change of its text, which has to break a property."""

from dataclasses import dataclass

from snnc.base.errors import SnncError


@dataclass(frozen=True)
class Mutation:
    """One change of the design that breaks a property."""

    name: str
    refutes: str
    """The property."""
    file: str
    before: str
    after: str

    def apply(self, text: str) -> str:
        """The mutated file. Raises SnncError unless `before` occurs exactly once."""
        found = text.count(self.before)
        if found != 1:
            raise SnncError(f"mutation {self.name}: its text occurs {found} times, not once", where=self.file)
        return text.replace(self.before, self.after)
