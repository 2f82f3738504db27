"""Whether a JSON value is what an SDK's types declare: no member more, no other type, nothing missing.

The SDKs themselves let unknown members pass and turn text into numbers, so that they outlive the server
they were written for. A test wants to know of both. Members that a service documents and its SDK does not
declare are given with `also`, types that go over the wire in another form with `sent_as`.
"""

import base64
import binascii
import collections.abc
import dataclasses
import datetime
import enum
import functools
import inspect
import typing
from types import NoneType, UnionType
from typing import NotRequired, Required

import pydantic
import typing_extensions
from typing_extensions import ReadOnly

UNIONS = (typing.Union, UnionType)
LISTS = (list, tuple, set, collections.abc.Sequence, collections.abc.Iterable)
MAPPINGS = (dict, collections.abc.Mapping)

# With these an SDK marks what it does not know yet or was not given: no part of a declaration.
CATCH_ALLS = ("Unset", "Unrecognized", "Unknown")


class Call:
    """The keyword arguments of a method as the members of an object, for SDKs without a type for a body."""

    def __init__(self, method, without=(), **also):
        hints = typing.get_type_hints(method, include_extras=True)
        parameters = inspect.signature(method).parameters.values()
        self.members = {
            each.name: (hints[each.name], each.default is inspect.Parameter.empty)
            for each in parameters
            if each.kind is inspect.Parameter.KEYWORD_ONLY and each.name not in without
        } | {name: (shape, False) for name, shape in also.items()}


class Shapes:
    """The declarations of one SDK."""

    def __init__(self, also=None, sent_as=None):
        self._also = also or {}
        self._sent_as = sent_as or {}

    def check(self, value, shape):
        """Fails unless `value` is declared so in every part."""
        found = self.deviations(value, shape)
        assert not found, "\n".join(found)

    def deviations(self, value, shape) -> list[str]:
        """What is not as declared, each with its place."""
        return [
            "$" + "".join(f".{step}" for step in path) + f": {text}"
            for path, text in self._find(value, shape, ())
        ]

    def _find(self, value, shape, path):
        shape = self._sent_as.get(shape, shape) if isinstance(shape, type) else shape
        origin, arguments = typing.get_origin(shape), typing.get_args(shape)
        if shape in (typing.Any, object) or isinstance(shape, typing.TypeVar):
            return []
        if isinstance(shape, typing_extensions.TypeAliasType):
            return self._find(value, shape.__value__, path)
        if isinstance(origin, typing_extensions.TypeAliasType):
            return self._find(value, origin.__value__[arguments], path)
        if origin in (typing.Annotated, Required, NotRequired, ReadOnly):
            return self._find(value, arguments[0], path)
        if origin in UNIONS:
            return self._find_in_union(value, arguments, path)
        if origin is typing.Literal:
            return [] if value in arguments else [(path, f"{value!r} is none of {arguments}")]
        if origin in LISTS or shape in LISTS:
            if not isinstance(value, list):
                return [(path, f"{value!r} is no list")]
            (item, *_) = arguments or (typing.Any,)
            return [each for at, part in enumerate(value) for each in self._find(part, item, (*path, at))]
        if origin in MAPPINGS or shape in MAPPINGS:
            if not isinstance(value, dict):
                return [(path, f"{value!r} is no object")]
            item = arguments[1] if arguments else typing.Any
            return [each for name, part in value.items() for each in self._find(part, item, (*path, name))]
        if (declared := members(shape)) is not None:
            return self._find_in_object(value, shape, declared, path)
        return [] if is_scalar(value, shape) else [(path, f"{value!r} is no {shape}")]

    def _find_in_union(self, value, options, path):
        """Nothing if one option fits, else what speaks against the one that comes closest."""
        options = [each for each in options if not getattr(each, "__name__", "").startswith(CATCH_ALLS)]
        if any(typing.get_origin(each) is typing.Literal for each in options):
            # Beside an enumeration, "anything" stands for the values of tomorrow.
            options = [each for each in options if each is not typing.Any]
        objects = [each for each in options if members(each) is not None]
        if isinstance(value, dict) and objects:
            # Beside a declared object, "any mapping" is there for the programmer's ease.
            options = objects
        found = [(self._find(value, each, path), other_tags(value, each)) for each in options]
        return min(found, key=lambda each: (bool(each[0]), each[1], -shallowest(each[0]), len(each[0])))[0]

    def _find_in_object(self, value, shape, declared, path):
        if not isinstance(value, dict):
            return [(path, f"{value!r} is no {getattr(shape, '__name__', 'object')}")]
        declared = declared | {name: (each, False) for name, each in self._also.get(shape, {}).items()}
        found = [
            (path, f"{name} is missing") for name, (_, must) in declared.items() if must and name not in value
        ]
        for name, part in value.items():
            if name in declared:
                found += self._find(part, declared[name][0], (*path, name))
            else:
                found.append((path, f"{getattr(shape, '__name__', 'the request')} has no {name}"))
        return found


def members(shape):
    """By their names on the wire: the type of each member of an object, and whether it must be there."""
    if isinstance(shape, Call):
        return shape.members
    return _members(shape) if isinstance(shape, type) or typing_extensions.is_typeddict(shape) else None


@functools.cache
def _members(shape):
    if typing_extensions.is_typeddict(shape):
        hints = typing_extensions.get_type_hints(shape, include_extras=True)
        total = totals(shape)
        return {name: (each, is_required(each, total[name])) for name, each in hints.items()}
    if issubclass(shape, pydantic.RootModel):
        return None
    if issubclass(shape, pydantic.BaseModel):
        return {
            name_on_the_wire(name, field): (
                field.annotation,
                field.is_required() or tag(field.annotation) is not None,
            )
            for name, field in shape.model_fields.items()
        }
    if dataclasses.is_dataclass(shape):
        hints = typing.get_type_hints(shape)
        return {each.name: (hints[each.name], has_no_default(each)) for each in dataclasses.fields(shape)}
    return None


def totals(typed_dict) -> dict[str, bool]:
    """Whether a member comes from a class whose members must be there unless they say otherwise."""
    inherited = {}
    for base in typing_extensions.get_original_bases(typed_dict):
        if typing_extensions.is_typeddict(base):
            inherited |= totals(base)
    own = {name: typed_dict.__total__ for name in typed_dict.__annotations__ if name not in inherited}
    return inherited | own


def is_required(hint, total) -> bool:
    origin = typing.get_origin(hint)
    return origin is Required or (total and origin is not NotRequired)


def name_on_the_wire(name, field) -> str:
    aliases = [each.alias for each in field.metadata if isinstance(getattr(each, "alias", None), str)]
    return field.serialization_alias or field.alias or next(iter(aliases), name)


def other_tags(value, shape) -> int:
    """How many members say that the value is another kind of object."""
    if not isinstance(value, dict):
        return 0
    tags = {name: tag(each) for name, (each, _) in (members(shape) or {}).items()}
    return sum(value.get(name) != only for name, only in tags.items() if only is not None)


def shallowest(found) -> int:
    """How deep an option fits at least."""
    return min((len(path) for path, _ in found), default=0)


def tag(shape):
    """The only value that is allowed, if there is only one. An SDK may well fill it in by itself."""
    if typing.get_origin(shape) is Required:
        (shape,) = typing.get_args(shape)
    values = typing.get_args(shape) if typing.get_origin(shape) is typing.Literal else ()
    return values[0] if len(values) == 1 else None


def has_no_default(field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def is_scalar(value, shape) -> bool:
    if shape in (None, NoneType):
        return value is None
    if shape is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if shape is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if shape is bytes:
        return isinstance(value, str) and is_base64(value)
    if shape is datetime.datetime:
        return isinstance(value, str) and is_instant(value)
    if isinstance(shape, type) and issubclass(shape, enum.Enum):
        return is_one_of(value, shape)
    return shape in (str, bool) and isinstance(value, shape)


def is_base64(text) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def is_instant(text) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_one_of(value, shape) -> bool:
    values = [each.value for each in shape]
    # Google's enumerations say of themselves that case does not matter.
    if any(base.__name__ == "CaseInSensitiveEnum" for base in shape.__mro__):
        return isinstance(value, str) and value.upper() in [each.upper() for each in values]
    return value in values
