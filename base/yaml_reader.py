"""YAML from outside as plain data: texts, numbers, lists and mappings, without anything that can grow."""

from collections.abc import Hashable
from typing import Any

import yaml

from snnc.base.errors import FileError, SnncError
from snnc.base.quoting import quote

MAX_BYTES = 1 << 16
MAX_DEPTH = 16
MAX_NUMBER = 64
"""Longest number, in characters."""
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")}


def read_yaml(text: str, where: str, *, limit: int = MAX_BYTES, error: type[SnncError] = FileError) -> Any:
    """The one document in `text`; raises `error`, with the line, for all but bounded plain data.

    Plain data has no anchors, aliases or tags, its keys are texts that stand once, and its numbers are those
    of YAML 1.1 in at most `MAX_NUMBER` characters. Dates are texts.
    """
    if len(text) > limit:
        raise error(f"has {len(text)} characters, the limit is {limit}", where=where)
    try:
        return yaml.load(text, _PlainLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = "" if mark is None else f"line {mark.line + 1}: "
        raise error(f"not valid YAML: {place}{problem.problem or problem.context}", where=where) from None
    except yaml.reader.ReaderError as problem:
        raise error(
            f"not valid YAML: character {quote(chr(problem.character))} at {problem.position}", where=where
        ) from None


class _PlainLoader(yaml.SafeLoader):
    """Refuses while it reads, before anything is built."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, if it is plain and not too deep."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refusal("anchors and aliases are not read", event)
        if event.tag is not None:
            raise _refusal(f"tag {quote(event.tag)} is not read", event)
        if self.depth == MAX_DEPTH:
            raise _refusal(f"nested deeper than {MAX_DEPTH}", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are texts that stand once."""
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _refusal(f"a key must be text, not {quote(key)}", key_node)
            if key in mapping:
                raise _refusal(f"key {quote(key)} stands twice", key_node)
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """An integer or a number with a fraction, of bounded length."""
        if len(node.value) > MAX_NUMBER:
            raise _refusal(f"a number of {len(node.value)} characters, the limit is {MAX_NUMBER}", node)
        try:
            if node.tag.endswith("int"):
                return self.construct_yaml_int(node)
            return self.construct_yaml_float(node)
        except (ValueError, ArithmeticError):
            raise _refusal(f"{quote(node.value)} is not a number", node) from None


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _PLAIN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind in ("int", "float"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _PlainLoader.construct_number)


def _refusal(problem: str, place: Any) -> yaml.MarkedYAMLError:
    """The error at the start of an event or a node."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)
