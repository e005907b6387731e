from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerlint.finding import Severity
from kerlint.rules.base import Found, Rule
from kerlint.rules.documentation import marked, page_of


class Documented(Rule):
    """
    Something is
    wrong.

    More about it.

    ## Why is this bad?
    It is.

    ## Example
    ```python
    x = 1  # KL001
    ```
    Use instead:
    ```python
    x = 2
    ```

    ## References
    - a book
    """

    code, name, severity, symptoms, since = "KL001", "something-wrong", Severity.WARNING, ("crash", "overfit"), "0.1.0"
    in_tests = False

    def check(self, program: Any) -> Iterator[Found]:
        yield from ()


def test_page() -> None:
    page = page_of(Documented)
    assert page.summary == "Something is wrong."
    assert list(page.sections) == ["Why is this bad?", "Example", "References"]
    assert page.sections["Why is this bad?"] == "It is."
    assert page.example == "x = 1  # KL001\n"
    assert page.use_instead == "x = 2\n"
    assert page.markdown().startswith(
        "# something-wrong (KL001)\n\n"
        "severity: warning | symptoms: crash, overfit | silent in test files | since 0.1.0\n\n"
        "Something is\nwrong.\n"
    )


def test_an_empty_page() -> None:
    class Bare(Documented):
        __doc__ = None

    page = page_of(Bare)
    assert (page.summary, page.example, page.use_instead, dict(page.sections)) == ("", "", "", {})


def test_markers() -> None:
    text = "a  # KL001\nb\nc  # KL001 KO002\nd  # see KL001 for more\ne  # why KL001\nf  #KL001, KL002 \r\ng # KL1\n"
    assert marked(text) == {(1, "KL001"), (3, "KL001"), (3, "KO002"), (6, "KL001"), (6, "KL002")}
