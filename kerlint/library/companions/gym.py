"""gym and gymnasium: how large the observations of well-known environments are, and how many actions there are.

Source: the environments themselves (gymnasium 1.x: `env.observation_space`, `env.action_space`); for Taxi, CliffWalking
and LunarLander, whose versions were renumbered, https://gymnasium.farama.org/environments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Handler
from kerlint.library.shapes import Call, Result
from kerlint.program.constants import text
from kerlint.program.values import Arguments, Const, Object, Unknown, Value, tuple_of

if TYPE_CHECKING:
    from kerlint.library.companions import Method
    from kerlint.program.interpreter.machine import Machine

#: Observations and actions: so many numbers (`4.`), or one of so many (`16`).
_ENVIRONMENTS = """
Acrobot-v1 6. 3
CartPole-v0 4. 2
CartPole-v1 4. 2
CliffWalking-v0 48 4
CliffWalking-v1 48 4
FrozenLake-v0 16 4
FrozenLake-v1 16 4
FrozenLake8x8-v0 64 4
FrozenLake8x8-v1 64 4
LunarLander-v2 8. 4
LunarLander-v3 8. 4
LunarLanderContinuous-v2 8. 2.
LunarLanderContinuous-v3 8. 2.
MountainCar-v0 2. 3
MountainCarContinuous-v0 2. 1.
Pendulum-v0 3. 1.
Pendulum-v1 3. 1.
Taxi-v3 500 6
"""
_KNOWN = {name: (seen, done) for name, seen, done in (line.split() for line in _ENVIRONMENTS.strip().splitlines())}
#: What changes neither.
_HARMLESS = frozenset({"render_mode", "max_episode_steps", "is_slippery", "new_step_api", "disable_env_checker"})
_ENVIRONMENT = "gym.Env"


def _make(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`gym.make(name)`."""
    name = text(arguments.get(0, "id"))
    known = _KNOWN.get(name or "")
    plain = len(arguments.positional) <= 1 and arguments.keywords.keys() <= _HARMLESS | {"id"}
    if known is None or not plain or arguments.open:
        return Unknown("environment", node=node)
    spaces = {f".{part}_space": _space(size, node) for part, size in zip(("observation", "action"), known)}
    return Object(_ENVIRONMENT, node=node, state=spaces)


def _space(size: str, node: syntax.Node) -> Value:
    count = Const(int(size.rstrip(".")), node=node)
    if size.endswith("."):
        return Object("gym.spaces.Box", node=node, state={".shape": tuple_of(count, node=node)})
    return Object("gym.spaces.Discrete", node=node, state={".n": count, ".shape": tuple_of(node=node)})


def _unknown(machine: Machine, receiver: Object, arguments: Arguments, node: syntax.Node) -> Value:
    return Unknown("environment", node=node)


SIGNATURES: dict[str, str] = {}
LAYERS: dict[str, Callable[[Call], Result]] = {}
FUNCTIONS: dict[str, Handler] = {f"{package}.make": _make for package in ("gym", "gymnasium")}
METHODS: dict[str, Method] = {
    f"{owner}.{name}": _unknown
    for owner in (_ENVIRONMENT, "gym.spaces.Box", "gym.spaces.Discrete")
    for name in ("__call__", "close", "contains", "render", "reset", "sample", "seed", "step")
}
