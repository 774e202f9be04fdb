"""Turns what the statistical tests wrote down (tests/support/recording.hpp) into docs/validation.md and its pictures.

    python3 tests/validation/page.py LINES DOCS

Families stand in the order of tests/statistical/test_cases.cpp, cases by name. Seeds are fixed, so the same program gives
the same page. What a scenario's figure rests on is the comment above its test; nothing is written here a second time.
"""
import json
import math
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "statistical"
SCENARIOS = "scenarios"  # the group of figures that tests of whole scenarios record


def number(x):
    return "-" if x is None else "%.4g" % x


def prose(words):
    """Formulas as text: signs that Markdown would read, and figures with more digits than anybody reads."""
    words = re.sub(r"\d+\.\d{8,}(e-?\d+)?", lambda m: "%.5g" % float(m[0]), words)
    return words.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def paragraph(words):
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def natural(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def anchor(heading):
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def families():
    return re.findall(r'\{"([A-Z][^"]+)", \w+_cases\}', (TESTS / "test_cases.cpp").read_text())


def inside(row):
    """A figure that came out as no number has none."""
    return row["measured"] is not None and abs(row["measured"] - row["expected"]) <= row["half_width"]


def verdict(row):
    if not row["holds"]:
        return "**FAILS**"
    if row["rule"] in ("at_most", "at_least"):
        return "holds"
    return "in the interval" if inside(row) else "in tolerance"


def tolerance(row):
    """How far from the expected value the test lets it be."""
    return row["tolerance"] * (abs(row["expected"]) if row["rule"] == "relative" else 1)


def expected(row):
    sign = {"at_most": "≤ ", "at_least": "≥ "}.get(row["rule"], "")
    return sign + number(row["expected"]) + ("" if row["exact"] else " ≈")


# --- pictures


def svg(width, height, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def text(x, y, words, anchor="start", fill="#333333", size=11):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-size="{size}">{words}</text>'


def line(x1, y1, x2, y2, stroke, width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"/>'


def forest(rows):
    """Each figure's distance from what is expected, as a share of its tolerance, with its interval."""
    left, plot, row_height, top = 330, 400, 15, 34
    width, height = left + plot + 20, top + row_height * len(rows) + 12
    reach = 1.25  # of the axis

    def x(share):
        return left + plot * (max(-reach, min(reach, share)) + reach) / (2 * reach)

    bottom = height - 10
    parts = [f'<rect x="{x(-1):.1f}" y="{top - 4}" width="{x(1) - x(-1):.1f}" height="{bottom - top + 4}" fill="#eef4ee"/>']
    for share, name in ((-1, "-tolerance"), (0, "expected"), (1, "+tolerance")):
        parts.append(line(x(share), top - 4, x(share), bottom, "#999999" if share == 0 else "#c5d6c5"))
        parts.append(text(x(share), top - 12, name, "middle"))
    before = None
    for i, row in enumerate(rows):
        y = top + row_height * (i + 0.5)
        if row["id"] != before:
            if before is not None:
                parts.append(line(10, y - row_height / 2, width - 10, y - row_height / 2, "#eeeeee"))
            parts.append(text(10, y + 4, row["id"]))
            before = row["id"]
        parts.append(text(left - 8, y + 4, row["figure"], "end", "#777777", 10))
        allowed = tolerance(row) or 1
        away = (row["measured"] - row["expected"]) / allowed
        half = row["half_width"] / allowed
        colour = "#1f6f43" if row["holds"] and inside(row) else "#b8860b" if row["holds"] else "#c0392b"
        parts.append(line(x(away - half), y, x(away + half), y, colour, 1.6))
        parts.append(f'<circle cx="{x(away):.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
    return svg(width, height, parts)


def student_density(t, degrees):
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    return scale * (1 + t * t / degrees) ** (-(degrees + 1) / 2)


def law_of_z(values):
    """How often which z, beside Student's law with 19 degrees of freedom."""
    width, height, left, bottom, step, reach = 560, 260, 46, 226, 0.5, 4.0
    counts = [0] * int(2 * reach / step)
    for z in values:
        counts[min(len(counts) - 1, max(0, int((z + reach) / step)))] += 1
    law = [len(values) * step * student_density(-reach + k * 0.05, 19) for k in range(int(2 * reach / 0.05) + 1)]
    most = max(max(counts), max(law))
    plot = width - left - 16

    def x(z):
        return left + plot * (z + reach) / (2 * reach)

    def y(n):
        return bottom - (bottom - 20) * n / most

    parts = [line(left, bottom, width - 16, bottom, "#999999")]
    for k, n in enumerate(counts):
        x0, x1 = x(-reach + k * step), x(-reach + (k + 1) * step)
        parts.append(
            f'<rect x="{x0 + 1:.1f}" y="{y(n):.1f}" width="{x1 - x0 - 2:.1f}" height="{bottom - y(n):.1f}" fill="#9bbfd6"/>'
        )
        if n:
            parts.append(text((x0 + x1) / 2, bottom - 5, str(n), "middle", "#333333", 10))
    points = " ".join(f"{x(-reach + k * 0.05):.1f},{y(v):.1f}" for k, v in enumerate(law))
    parts.append(f'<polyline points="{points}" fill="none" stroke="#c0392b" stroke-width="1.6"/>')
    for z in range(-4, 5):
        parts.append(text(x(z), bottom + 15, str(z), "middle"))
    parts.append(text(left + plot / 2, bottom + 30, "z: (measured − expected) / standard error", "middle"))
    return svg(width, height, parts)


# --- the page


def sources(rows):
    """One line for each formula, with the cases that rest on it."""
    of = {}
    for row in rows:
        of.setdefault(row["source"], []).append(row["id"])
    lines = []
    for source, ids in of.items():
        names = list(dict.fromkeys(ids))
        lines.append("- " + ", ".join(f"`{name}`" for name in names) + ": " + prose(source))
    return lines


def table(rows):
    lines = [
        "| case | figure | expected | measured | 95 % interval | z | verdict |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        z = "%+.2f" % row["z"] if row["z"] is not None else ""
        lines.append(
            f"| {row['id']} | {row['figure']} | {expected(row)} | {number(row['measured'])} "
            f"| ±{number(row['half_width'])} | {z} | {verdict(row)} |"
        )
    return lines


def claim(row):
    """The comment above the test, in one paragraph."""
    suite, name = row["id"].split(".")
    name_of_file = row["source"].split(":")[0]
    lines = (TESTS / name_of_file).read_text().split("\n")
    at = next(i for i, l in enumerate(lines) if re.match(rf"TEST(_F)?\({suite}, {name}\)", l))
    words = []
    while at > 0 and lines[at - 1].startswith("//"):
        at -= 1
        words.insert(0, lines[at].lstrip("/- ").rstrip())
    return paragraph(prose(" ".join(words)))


def scenario_table(rows):
    lines = ["| figure | expected | tolerance | measured | 95 % interval | verdict |", "|---|--:|--:|--:|--:|---|"]
    for row in rows:
        lines.append(
            f"| `{row['figure']}` | {number(row['expected'])} | ±{number(row['tolerance'])} "
            f"| {number(row['measured'])} | ±{number(row['half_width'])} | {verdict(row)} |"
        )
    return lines


def share_inside(rows):
    of = [row for row in rows if row["z"] is not None]
    return f"{sum(inside(row) for row in of)} of {len(of)}" if of else "-"


def main():
    rows = [json.loads(l) for l in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    docs = pathlib.Path(sys.argv[2])
    pictures = docs / "images" / "validation"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()

    order = families()
    theory = {name: [] for name in order}
    scenarios = []
    for row in rows:
        (scenarios if row["group"] == SCENARIOS else theory[row["group"]]).append(row)
    for group in theory.values():
        group.sort(key=lambda row: natural(row["id"]))  # stable: a case's figures keep their order
    scenarios.sort(key=lambda row: natural(row["source"]))
    all_theory = [row for group in theory.values() for row in group]
    scores = [row["z"] for row in all_theory if row["z"] is not None]
    rms = math.sqrt(sum(z * z for z in scores) / len(scores))
    failed = [row for row in all_theory + scenarios if not row["holds"]]
    cases = {row["id"] for row in all_theory}
    tests = list(dict.fromkeys(row["id"] for row in scenarios))
    caught = sum(inside(row) for row in all_theory if row["z"] is not None)

    (pictures / "z.svg").write_text(law_of_z(scores))
    out = [
        "# Validation: what theory says, and what is measured",
        "",
        "Made by `scripts/validation` from what the statistical tests write down while they run (`ctest -L statistical`);",
        "seeds are fixed, so the same program gives the same page. A test holds that every case is on it, with the value that",
        "the test expects. [statistics.md](statistics.md) says what an interval is.",
        "",
        f"**{len(all_theory)} figures of {len(cases)} cases of theory** and {len(scenarios)} figures of {len(tests)} tests of "
        f"whole scenarios; **{len(failed)} fail**.",
        "",
        "A case is a scenario as a user would write it, run as 20 replications of some hundred thousand requests each.",
        "*Expected* is worked out by the formula that is named (`≈` marks an approximation, which has no z). *Measured* stands",
        "with the half width of its 95 % interval, Student's over the replications. *z* is the difference in standard errors.",
        "A test fails where a figure leaves its tolerance (some 4.5 standard errors, never under a floor), or where |z| > 5 and",
        "the difference is over 0.1 %. Durations are in seconds, rates per second.",
        "",
        "| verdict | means |",
        "|---|---|",
        "| in the interval | the expected value is inside the 95 % interval, as it is 19 times out of 20 where both are right |",
        "| in tolerance | outside the interval, inside the test's tolerance: about one in twenty, and approximations |",
        "| holds | a bound, not a value |",
        "| **FAILS** | the test fails |",
        "",
        "## All of them together",
        "",
        paragraph(
            f"If estimates were biased, or errors misjudged, the {len(scores)} z would not follow Student's law with 19 "
            f"degrees of freedom (the line). Their root mean square is {rms:.3f}, where the law has 1.06; {caught} "
            f"intervals of {len(scores)} ({100 * caught / len(scores):.1f} %) hold the expected value. Figures of one case "
            "depend on each other, so the bars are a little rougher than chance."
        ),
        "",
        "![How often which z, and Student's law](images/validation/z.svg)",
        "",
        "| family | cases | figures | largest \\|z\\| | in their interval |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, group in theory.items():
        worst = max((abs(row["z"]) for row in group if row["z"] is not None), default=None)
        out.append(
            f"| [{name}](#{anchor(name)}) | {len({row['id'] for row in group})} | {len(group)} "
            f"| {'%.2f' % worst if worst is not None else '-'} | {share_inside(group)} |"
        )
    out.append(f"| [Whole scenarios](#whole-scenarios) | {len(tests)} | {len(scenarios)} | | |")
    for name, group in theory.items():
        plotted = [row for row in group if row["rule"] in ("relative", "absolute") and row["measured"] is not None]
        (pictures / f"{anchor(name)}.svg").write_text(forest(plotted))
        out += ["", f"## {name}", ""] + sources(group)
        out += ["", f"![{name}: measured against expected](images/validation/{anchor(name)}.svg)", ""] + table(group)
    out += [
        "",
        "## Whole scenarios",
        "",
        "Figures of the library's scenarios, of published settings and of messaging policies, each with the sentence that its",
        "test stands under. Tolerances are absolute; five replications unless the test says otherwise.",
    ]
    for test in tests:
        of = [row for row in scenarios if row["id"] == test]
        suite, claimed = test.split(".")
        out += ["", f"### {test}", ""]
        words = claim(of[0])
        if words:
            out += [words, ""]
        out += scenario_table(of)
    (docs / "validation.md").write_text("\n".join(out) + "\n")
    print(f"{len(all_theory)} figures of {len(cases)} cases, {len(scenarios)} of {len(tests)} tests, {len(failed)} fail")


main()
