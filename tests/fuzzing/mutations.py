"""Small damage to real programs: what a slip of the hand, a bad merge or somebody with bad intentions would do."""

from __future__ import annotations

import re
from random import Random

from tests.fuzzing import words

_TOKEN = re.compile(r"\w+|\"[^\"\n]*\"|'[^'\n]*'|[ \t]+|\n|.", re.DOTALL)
_VALUE = re.compile(r"(?<==)\s*[\w.'\"-]+(?=\s*[,)\n])|(?<=\()[\w.'\"-]+(?=\s*[,)])|(?<=, )[\w.'\"-]+(?=\s*[,)\]])")
_NUMBER = re.compile(r"(?<![\w.])\d[\w.]*")
_STRAY = "( ) [ ] { } : , . = == := -> * ** @ ; \\ # ' \" ''' if for lambda not await async def class return yield f' match".split()


def mutate(text: str, random: Random, others: list[str]) -> str:
    """The text with one to four changes.

    Args:
        others: more texts, to take lines from.
    """
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        kind = random.random()
        if kind < 0.5:
            text = _other_value(text, random)
        elif kind < 0.8:
            text = _other_lines(text, random, others)
        else:
            text = _other_tokens(text, random)
    return text


def _other_value(text: str, random: Random) -> str:
    """An argument or a number is replaced by an odd one: the result is Python, as a rule."""
    places = list((_VALUE if random.random() < 0.8 else _NUMBER).finditer(text))
    if not places:
        return _other_tokens(text, random)
    place = random.choice(places)
    return text[: place.start()] + random.choice(words.ODD_VALUES) + text[place.end() :]


def _other_lines(text: str, random: Random, others: list[str]) -> str:
    lines = text.split("\n")
    index = random.randrange(len(lines))
    kind = random.randrange(8)
    if kind == 0:
        del lines[index]
    elif kind == 1:
        lines.insert(index, lines[index])
    elif kind == 2:
        other = random.randrange(len(lines))
        lines[index], lines[other] = lines[other], lines[index]
    elif kind == 3:
        lines = lines[: index + 1]
    elif kind == 4:
        lines[index] = "    " + lines[index] if random.random() < 0.5 else lines[index].removeprefix("    ")
    elif kind == 5:
        lines.insert(random.randrange(len(lines)), lines.pop(index))
    elif kind == 6:
        lines.insert(index, random.choice(random.choice(others).split("\n")))
    else:
        # A part of another program under this one.
        lines += random.choice(others).split("\n")[: random.randrange(1, 15)]
    return "\n".join(lines)


def _other_tokens(text: str, random: Random) -> str:
    tokens = _TOKEN.findall(text)
    if not tokens:
        return random.choice(_STRAY)
    index = random.randrange(len(tokens))
    kind = random.randrange(7)
    if kind == 0:
        del tokens[index]
    elif kind == 1:
        tokens.insert(index, tokens[index])
    elif kind == 2:
        other = random.randrange(len(tokens))
        tokens[index], tokens[other] = tokens[other], tokens[index]
    elif kind == 3:
        tokens = tokens[:index]
    elif kind == 4:
        tokens.insert(index, random.choice(_STRAY))
    elif kind == 5:
        names = [number for number, token in enumerate(tokens) if token.isidentifier()]
        if names:
            tokens[random.choice(names)] = random.choice(words.NAMES + words.LAYERS)
    else:
        tokens[index] = random.choice(words.ODD_VALUES)
    return "".join(tokens)
