"""What in a new contract breaks programs that follow the published one.

Requests may not become narrower, answers not poorer: an operation, a member, a value or a code that
is gone, a member that is newly required of requests or no longer promised in answers, another
type, a tighter bound. Whatever is added is no break (`versioning.md`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch", "head")
CODE = re.compile(r"simio_[a-z0-9_]+")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")

Json = Mapping[str, Any]


def breaks(old: Json, new: Json) -> Iterator[str]:
    """Yield what breaks, each as a line that is the same in every run."""
    before, after = _operations(old), _operations(new)
    for name, (place, operation) in before.items():
        if name not in after:
            yield f"{name}: the operation is gone"
            continue
        new_place, new_operation = after[name]
        if place != new_place:
            yield f"{name}: it moved from {place} to {new_place}"
        for told in _Comparison(old, new).operation(operation, new_operation):
            yield f"{name}: {told}"
    gone = set(CODE.findall(str(old))) - set(CODE.findall(str(new)))
    yield from (f"the code {code} is gone" for code in sorted(gone))


def _operations(document: Json) -> dict[str, tuple[str, Json]]:
    return {
        operation["operationId"]: (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


class _Comparison:
    """The comparison of two documents, whose references it follows."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def operation(self, old: Json, new: Json) -> Iterator[str]:
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        for status, named in old["responses"].items():
            answer = _resolved(self._old, named)
            if status not in new["responses"]:
                yield f"the answer {status} is gone"
                continue
            contents = _contents(_resolved(self._new, new["responses"][status]))
            for media_type, content in _contents(answer).items():
                if media_type not in contents:
                    yield f"the answer {status} is no {media_type} any more"
                    continue
                schemas = content.get("schema", {}), contents[media_type].get("schema", {})
                yield from self.schema(*schemas, f"answer {status}", is_request=False)

    def _parameters(self, old: Json, new: Json) -> Iterator[str]:
        before, after = [
            {
                (it["in"], it["name"].lower()): it
                for it in (_resolved(document, one) for one in operation.get("parameters", []))
            }
            for document, operation in ((self._old, old), (self._new, new))
        ]
        for place, parameter in before.items():
            if place not in after:
                yield f"the parameter {parameter['name']} is gone"
                continue
            schemas = _given(parameter), _given(after[place])
            yield from self.schema(*schemas, f"parameter {parameter['name']}", is_request=True)
        for place, parameter in after.items():
            was_required = before.get(place, {}).get("required", False)
            if parameter.get("required", False) and not was_required:
                yield f"the parameter {parameter['name']} is newly required"

    def _body(self, old: Json | None, new: Json | None) -> Iterator[str]:
        if old is None or new is None:
            if old is not None:
                yield "it takes no body any more"
            elif new is not None and new.get("required"):
                yield "it newly requires a body"
            return
        for media_type, content in old["content"].items():
            if media_type not in new["content"]:
                yield f"it takes no {media_type} any more"
                continue
            schemas = content.get("schema", {}), new["content"][media_type].get("schema", {})
            yield from self.schema(*schemas, "body", is_request=True)

    def schema(self, old: Json, new: Json, place: str, *, is_request: bool) -> Iterator[str]:
        names = str(old.get("$ref")), str(new.get("$ref"))
        if "None" not in names:
            if (*names, is_request) in self._seen:
                return
            self._seen.add((*names, is_request))
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        yield from self._types(old, new, place, is_request=is_request)
        yield from _values(old, new, place)
        if is_request:
            yield from _bounds(old, new, place)
        yield from self._members(old, new, place, is_request=is_request)
        if "items" in old and "items" in new:
            items = old["items"], new["items"]
            yield from self.schema(*items, f"{place}[]", is_request=is_request)

    def _types(self, old: Json, new: Json, place: str, *, is_request: bool) -> Iterator[str]:
        before, after = self._kinds(self._old, old), self._kinds(self._new, new)
        if not before or not after:
            return  # anything: neither is told more of than that
        lost = before - after if is_request else after - before
        if lost:
            verb = "no longer takes" if is_request else "may newly be"
            yield f"{place} {verb} {', '.join(sorted(lost))}"

    def _kinds(self, document: Json, schema: Json) -> set[str]:
        kinds: set[str] = set()
        for variant in [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            found = _resolved(document, variant)
            named = found.get("type", ())
            kinds |= {named} if isinstance(named, str) else set(named)
        return kinds | ({"integer"} if "number" in kinds else set())

    def _members(self, old: Json, new: Json, place: str, *, is_request: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        is_open = not before and not after
        for name, member in before.items():
            if name not in after:
                yield f"{place}.{name} is gone"
                continue
            members = member, after[name]
            yield from self.schema(*members, f"{place}.{name}", is_request=is_request)
        needed, still = set(old.get("required", ())), set(new.get("required", ()))
        changed = still - needed if is_request else needed - still
        if not is_open:
            verb = "newly required" if is_request else "no longer always there"
            yield from (f"{place}.{name} is {verb}" for name in sorted(changed))


def _given(parameter: Json) -> Json:
    """Return the schema of a parameter that is given: one that is not cannot be null either."""
    schema = parameter.get("schema", {})
    if "anyOf" not in schema:
        found: Json = schema
        return found
    others = [it for it in schema["anyOf"] if it.get("type") != "null"]
    return {**schema, **others[0], "anyOf": []} if len(others) == 1 else {**schema, "anyOf": others}


def _contents(answer: Json) -> dict[str, Json]:
    """Return what an answer may hold, by media type without its parameters."""
    return {name.partition(";")[0]: it for name, it in answer.get("content", {}).items()}


def _values(old: Json, new: Json, place: str) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if before and after:
        for value in before:
            if value not in after:
                yield f"{place} has lost the value {value!r}"


def _bounds(old: Json, new: Json, place: str) -> Iterator[str]:
    for name in LOWER:
        if name in new and new[name] > old.get(name, float("-inf")):
            yield f"{place} has a tighter {name}: {new[name]}"
    for name in UPPER:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{place} has a tighter {name}: {new[name]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{place} has another pattern: {new['pattern']}"


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
