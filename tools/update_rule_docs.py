"""Writes `docs/rules/` from the rules: one page a rule, and an index.

    python tools/update_rule_docs.py [--check]

It writes the schema of the configuration and the pages of the symptoms, too; see `update_schema.py` and
`update_symptom_docs.py`. With `--check` nothing is written; the exit
status is 1 if something is stale.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import update_schema
import update_symptom_docs

from kerlint.finding import Severity
from kerlint.rules import all_rules
from kerlint.rules.documentation import OWN_PAGES, Page, page_of

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"
TOPICS = {
    "KO": "Optimizer and training budget",
    "KL": "Loss, output and labels",
    "KA": "Activations and initialisation",
    "KS": "Architecture and shapes",
    "KD": "Data pipelines",
    "KN": "Scaling of data",
    "KR": "Reproducibility",
    "KT": "Hand-written training",
    "KF": "Freezing and transfer learning",
    "KE": "Evaluation, callbacks and leakage",
    "KM": "Migration between Keras versions",
    "KP": "Performance",
}


def pages() -> dict[str, str]:
    """The text of every file in the folder, by name."""
    found = [page_of(rule) for rule in all_rules()]
    texts = {f"{page.name}.md": page.markdown().rstrip() + "\n" for page in found}
    texts["kerlint.md"] = "\n\n".join(page.markdown().strip() for page in OWN_PAGES) + "\n"
    texts["README.md"] = _index(found)
    return texts


def _index(found: list[Page]) -> str:
    lines = [
        "# Rules",
        "",
        "Made from the rules themselves by `tools/update_rule_docs.py`. The list is by topic;",
        "below it there is one [by symptom](#by-symptom) and one [by severity](#by-severity).",
        "Causes in plain words are on [a page of their own](../causes.md), and what is no cause on",
        "[another](../myths.md).",
        "",
    ]
    for prefix, topic in TOPICS.items():
        rows = [page for page in found if page.code.startswith(prefix)]
        if rows:
            lines += [f"## {topic}", "", "| code | rule | severity | |", "|---|---|---|---|"]
            lines += [
                f"| {page.code} | [{page.name}]({page.name}.md) | {page.severity.value} | {_line(page.summary)} |"
                for page in rows
            ]
            lines.append("")
    lines += ["## By symptom", ""]
    for symptom in sorted({symptom for page in found for symptom in page.symptoms}):
        about = f"[{symptom}](../symptoms/{symptom}.md)"
        names = ", ".join(f"[{page.code}]({page.name}.md)" for page in found if symptom in page.symptoms)
        lines.append(f"- **{about}**: {names}")
    lines += ["", "## By severity", ""]
    for severity in Severity:
        names = ", ".join(f"[{page.code}]({page.name}.md)" for page in found if page.severity is severity)
        lines.append(f"- **{severity.value}**: {names}")
    lines += ["", "kerlint's own messages (KX) are on [a page of their own](kerlint.md).", ""]
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    # The schema of the configuration is made from the rules, too.
    return update_pages(check) | update_schema.update(check) | update_symptom_docs.update(TOPICS, check)


def update_pages(check: bool) -> int:
    """Writes the pages, or says with 1 that some are stale."""
    wanted = pages()
    present = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if wanted == present:
        return 0
    if check:
        stale = sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))
        print("stale:", *stale)  # noqa: T201
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
