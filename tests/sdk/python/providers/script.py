"""What a model is to say, in no provider's terms."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Call:
    """A tool call; its arguments are JSON text, in the pieces in which they are streamed."""

    name: str
    arguments: tuple[str, ...]
    id: str = "call_1"

    @property
    def whole(self) -> str:
        return "".join(self.arguments)


@dataclass(frozen=True)
class Usage:
    """`prompt` holds what was cached, `completion` what was reasoned."""

    prompt: int = 20
    completion: int = 7
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Script:
    """An answer. `finish` is OpenAI's finish reason; `error` breaks a stream off after all else was said."""

    text: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    usage: Usage = field(default_factory=Usage)
    model: str = "served-model"
    error: str | None = None

    @property
    def content(self) -> str:
        return "".join(self.text)

    @property
    def thought(self) -> str:
        return "".join(self.reasoning)

    def but(self, **changes) -> "Script":
        return replace(self, **changes)


# What a client must get unharmed: pieces that end within a word, other scripts, quotes, and line ends.
HELLO = Script(text=("Hel", "lo, ", "wörld \U0001f600", '\n"quoted"\u2028.'))
ADD = Call("add", ('{"a": 1', ', "b": ', '"é\\n"}'), "call_add")
LOOK_UP = Call("look_up", ('{"city"', ':"Oslo"}'), "call_look_up")
TOOLS = Script(calls=(ADD, LOOK_UP), finish="tool_calls")
