"""Imports. The user's own modules are followed: evaluated once, in a scope of their own; all others are libraries."""

from __future__ import annotations

from kerlint import syntax
from kerlint.program.constants import text
from kerlint.program.heap import join
from kerlint.program.interpreter.flow import FALL
from kerlint.program.interpreter.guards import may_ask
from kerlint.program.interpreter.machine import Machine, OutOfFuel
from kerlint.program.modules import Module, ModuleFile
from kerlint.program.scope import Scope
from kerlint.program.values import Const, Sequence, Unknown, Value

#: How many modules may be in the middle of importing one another.
MAX_IMPORTING = 40


def run_import(machine: Machine, node: syntax.Import) -> int:
    """`import a`, `import a.b`, `import a.b as c`."""
    machine.burn(len(node.names))
    for alias in node.names:
        name = alias.name
        files = _find(machine, name)
        if not files:
            machine.note_import(name, alias)
        if alias.asname is not None:
            # Whatever the packages above it do when they are imported, it is not looked at.
            value = _load(machine, files[-1]) if files else None
            machine.assign(alias.asname, value or machine.external(name, node))
        else:
            root = name.partition(".")[0]
            loaded = [_load(machine, file) for file in files]
            machine.assign(root, (loaded[0] if loaded else None) or machine.external(root, node))
    return FALL


def run_import_from(machine: Machine, node: syntax.ImportFrom) -> int:
    """`from a import b`, `from .a import b as c`, `from a import *`."""
    name = node.module
    if name == "__future__":
        return FALL
    files = _find(machine, name)
    module = _load(machine, files[-1]) if files else None
    if node.names[0].name == "*":
        _import_star(machine, name, module, node)
        return FALL
    machine.burn(len(node.names))
    for alias in node.names:
        member = alias.name
        bound = alias.asname or member
        value: Value | None = None
        if module is not None:
            value = module_attribute(machine, module, member, node)
        elif not files:
            value = _from_folder(machine, name, member)
        if value is None:
            machine.note_import(f"{name}.{member}", alias)
            value = machine.external(f"{name}.{member}", node)
        machine.assign(bound, value)
    return FALL


def module_attribute(machine: Machine, module: Module, name: str, node: syntax.Node) -> Value:
    """What a name of a module is; a submodule that nobody has imported yet is imported."""
    if module.opaque:
        return Unknown("a module that cannot be followed", node=node)
    found = module.scope.names.get(name)
    if found is not None:
        return found
    if module.file.is_package and machine.modules is not None:
        file = machine.modules.submodule(module.file, name)
        submodule = _load(machine, file) if file is not None else None
        if submodule is not None:
            return submodule
    return machine.from_stars(module.scope, name) or Unknown("not in the module", node=node)


def _from_folder(machine: Machine, package: str, name: str) -> Module | None:
    """`from folder import module`, where the folder is no package with a file of its own."""
    files = _find(machine, f"{package}{name}" if package.endswith(".") else f"{package}.{name}")
    return _load(machine, files[-1]) if files else None


def _import_star(machine: Machine, name: str, module: Module | None, node: syntax.Node) -> None:
    scope = machine.scope.module
    if module is None or module.opaque:
        machine.note_import(f"{name}.*", node)
        scope.stars = (*scope.stars, name)
        return
    exported = module.scope.names.get("__all__")
    if exported is None:
        scope.stars = (*scope.stars, *(star for star in module.scope.stars if star not in scope.stars))
    named = [text(item) for item in exported.exact or ()] if isinstance(exported, Sequence) else []
    if exported is not None and named and None not in named:
        for member in named:
            machine.assign(str(member), module_attribute(machine, module, str(member), node))
        return
    for member, value in list(module.scope.names.items()):
        if not member.startswith("_"):
            before = machine.scope.names.get(member) if exported is not None else None
            # What `__all__` says is not known: the name may be among it or not.
            machine.assign(member, value if before is None else join(before, value))


def _find(machine: Machine, name: str) -> tuple[ModuleFile, ...]:
    """The files of a dotted name, seen from the module that is being evaluated."""
    importer = machine.scope.module.file
    return machine.modules.find(name, importer) if machine.modules is not None and importer is not None else ()


def _load(machine: Machine, file: ModuleFile) -> Module | None:
    """A module, evaluated the first time it is asked for; None if there is nothing to evaluate.

    One that is being evaluated is as far as it has come.
    """
    loaded = machine.loaded.get(file.path)
    if loaded is not None:
        return loaded
    tree = machine.modules.tree(file) if machine.modules is not None and machine.importing < MAX_IMPORTING else None
    if tree is None:
        return None
    module = Module(file, Scope("module", names={"__name__": Const(file.name)}, file=file), node=tree)
    # Through the heap: what an arm of a condition imports is not imported in the other arm.
    machine.heap.write(machine.loaded, file.path, module)
    machine.may_ask = machine.may_ask or may_ask(tree)
    machine.burn()
    position = machine.heap.position()
    try:
        with machine.elsewhere(module):
            for statement in tree.body:
                if machine.execute(statement) != FALL:
                    # It raises, or ends the program: a condition was not understood.
                    module.opaque = True
                    break
    except (OutOfFuel, RecursionError):
        machine.heap.restore(position)
        machine.program.limits_elsewhere.append(f"the module {file.name} is too large to follow to its end")
        module.opaque = True
    return module
