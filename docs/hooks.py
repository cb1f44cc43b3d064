"""Parts of the pages that are made from the package itself when they are built, so that they cannot go stale.

A page asks for them by a comment such as ``<!-- generated: experiment-schema -->``. ``<!-- gallery: NAME -->`` stands
for the figure, the printed table and the code of a script in ``examples/gallery``, all of which run when the pages are
built, ``<!-- code: PATH -->`` for a file of the repository, and ``<!-- figure: NAME.png -->`` for the figure of that
name that the Python blocks of the same page save. Fenced ``math`` blocks and text between dollar signs become MathML,
which browsers show without help from another server.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import latex2mathml.converter
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

REPOSITORY = Path(__file__).resolve().parents[1]
GALLERY = REPOSITORY / "examples" / "gallery"
PUBLISHED_SIZES = REPOSITORY / "docs" / "gallery" / "published-sizes"
GALLERY_PLACEHOLDER = re.compile(r"^<!-- gallery: ([\w-]+) -->$", re.MULTILINE)
CODE_PLACEHOLDER = re.compile(r"^<!-- code: (\S+) -->$", re.MULTILINE)
FIGURE_PLACEHOLDER = re.compile(r"^<!-- figure: ([\w-]+\.png) -->$", re.MULTILINE)
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
PUBLIC_PACKAGES = (
    ("Experiments", "ionscape.experiment"),
    ("Measurements", "ionscape.profiling"),
    ("Simulation", "ionscape.transport"),
    ("Fits", "ionscape.inference"),
    ("Report", "ionscape.report"),
    ("Ensembles", "ionscape.scaleout"),
    ("Sweeps", "ionscape.sweeps"),
    ("Results of any kind", "ionscape.results"),
    ("Glasses", "ionscape.glass"),
    ("Landscapes and conductivity", "ionscape.hopping"),
    ("Series of glasses", "ionscape.series"),
    ("Diffusion coefficients", "ionscape.diffusivity"),
    ("Reference measurements", "ionscape.reference"),
    ("Stress of plates", "ionscape.mechanics"),
    ("Index and guided modes", "ionscape.optics"),
    ("Relations", "ionscape.relations"),
    ("Figures", "ionscape.figures"),
    ("Errors", "ionscape.errors"),
    ("Quantities", "ionscape.files.quantities"),
    ("Constants", "ionscape.constants"),
)
TABLES = {
    "Sample": "Sample: `[sample]`",
    "Chamber": "Chamber: `[chamber]`",
    "Sites": "Site system: `[sites.NAME]`",
    "Ion": "Ion: `[ions.NAME]`",
    "ConstantSpecification": 'Constant diffusion coefficient: `model = "constant"`',
    "SiteEnergySpecification": 'Site energies: `model = "site-energies"`',
    "PopulationSpecification": 'Populations: `model = "populations"`',
    "TableSpecification": 'Tabulated diffusion coefficient: `model = "table"`',
    "Irradiation": 'Irradiation: `[[stages]]`, `kind = "irradiation"`',
    "Contact": 'Contact: `[[stages]]`, `kind = "contact"`',
    "Isotherm": "Isotherm of a melt: `isotherm`",
    "Storage": 'Storage: `[[stages]]`, `kind = "storage"`',
    "PotentialSetpoint": "Potential over time: an entry of the list",
    "CurrentSetpoint": "Beam current over time: an entry of the list",
    "TemperatureSetpoint": "Temperature over time: an entry of the list",
    "CrossTerms": "Cross terms: `[cross_terms]`",
    "BackElectrode": "Back electrode: `[back_electrode]`",
    "Mechanics": "Stress: `[mechanics]`",
    "Relaxation": "Relaxation of stress: `relaxation`",
    "Optics": "Refractive index: `[optics]`",
    "ElastoOptic": "Elasto-optic coefficients: `elasto_optic`",
    "GridSpecification": "Grid: `[grid]`",
}
FIT_TABLES = {
    "ParameterTable": "Parameter: `[fit.parameters]`",
    "PriorTable": "Prior: `prior`",
    "ObservedCharge": "Observed charge: `observed_charge`",
    "CurrentCurve": "Current curve: `current_curve`",
    "StressReading": "Readings of stress: `[[fit.stress_readings]]`",
    "EffectiveIndices": "Effective indices: `[[fit.effective_indices]]`",
}
MEASUREMENT_TABLES = {
    "MeasuredLength": "Measured length: `crater_depth`",
    "MeasuredVelocity": "Measured sputter rate: `sputter_rate`",
    "Layer": "Layer: `layers`",
    "MarkerTable": "Marker: `marker`",
    "ConcentrationsTable": "Concentrations: `[measurement.concentrations]`",
    "GaussianResponseTable": 'Gaussian response: `model = "gaussian"`',
    "NativeBackgroundTable": "Background of a native ion: `native_background`",
    "MixingResponseTable": 'Mixing, roughness and information depth: `model = "mixing-roughness-information"`',
}
SERIES_TABLES = {
    "GlassTable": "Glasses: `[glass]`",
    "FormulaTable": "Glasses of any network: `[glass]` with `formula`",
    "LandscapeTable": "Landscape: `[landscape]`",
    "HoppingTable": "Hopping: `[hopping]`",
    "PercolationTable": "Percolation: `[percolation]`",
    "NetworkTable": "Network: `[network]`",
    "RandomTable": "Random numbers: `[random]`",
    "ExperimentTable": "Experiments: `[experiment]`",
}
BOUNDS = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}


def on_config(config: Any) -> Any:
    """Register both forms of equations."""
    config["markdown_extensions"].append(InlineEquations())
    config["mdx_configs"]["pymdownx.superfences"] = {
        "custom_fences": [{"name": "math", "class": "math", "format": equation}]
    }
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Draw the figures of the gallery and add them to the pages."""
    draw_gallery()
    for name, made in DRAWN.items():
        if made.figure is not None:
            files.append(File.generated(config, f"gallery/{name}.png", content=made.figure))
    for kind in ("tutorial", "explanation"):
        for page in sorted((REPOSITORY / "docs" / kind).glob("*.md")):
            for name, figure in figures_of(page.read_text(encoding="utf-8"), page.stem).items():
                files.append(File.generated(config, f"{kind}/{name}", content=figure))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the generated parts."""
    markdown = GALLERY_PLACEHOLDER.sub(lambda match: "\n".join(gallery_entry(match[1])), markdown)
    markdown = FIGURE_PLACEHOLDER.sub(lambda match: f"![Drawn by the code of this page]({match[1]})", markdown)
    markdown = CODE_PLACEHOLDER.sub(lambda match: "\n".join(code_block(REPOSITORY / match[1])), markdown)
    makers = {
        "experiment-schema": schema_reference,
        "measurement-schema": measurement_reference,
        "fit-schema": fit_reference,
        "series-schema": series_reference,
        "hops-schema": hops_reference,
        "command-line": command_reference,
        "python": python_reference,
    }
    return PLACEHOLDER.sub(lambda match: "\n".join(makers[match[1]]()), markdown)


class Made(NamedTuple):
    """What a script of the gallery printed, and its figure if it has one."""

    printed: str
    figure: bytes | None


DRAWN: dict[str, Made] = {}  # by the name of the script
DRAWN_FROM: list[float] = []  # the date of the newest file of the package and the examples at that time


def draw_gallery() -> None:
    """Run the scripts of the gallery; again by `mkdocs serve`, but only when they or the package have changed."""
    sources = [path for folder in ("examples", "src") for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    newest = max(path.stat().st_mtime for path in sources if "__pycache__" not in path.parts)
    if [newest] != DRAWN_FROM:
        DRAWN.clear()
        DRAWN.update(run_gallery())
        DRAWN_FROM[:] = [newest]


def run_gallery() -> dict[str, Made]:
    """Run the scripts of the gallery in a process of their own; what they write is read back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_python(GALLERY, folder, what="a script of the gallery", beside=folder)
        made = {}
        for printed in folder.glob("*.md"):
            figure = printed.with_suffix(".png")
            content = figure.read_bytes() if figure.exists() else None
            made[printed.stem] = Made(printed.read_text(encoding="utf-8"), content)
        return made


def run_python(script: Path, *arguments: Path, what: str, beside: Path) -> None:
    """Run a script without a screen in a process of its own, in a folder."""
    command, environment = [sys.executable, str(script), *map(str, arguments)], {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=beside, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise PluginError(f"{what} failed\n{done.stdout}{done.stderr}")


def figures_of(text: str, name: str) -> dict[str, bytes]:
    """The figures that a page shows, by name, made by running its Python blocks beside a copy of the examples."""
    wanted = FIGURE_PLACEHOLDER.findall(text)
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(REPOSITORY / "examples", Path(folder) / "examples")
        script = Path(folder) / f"{name}.py"
        script.write_text("".join(PYTHON_BLOCK.findall(text)), encoding="utf-8")
        run_python(script, what=f"the code of the page {name}", beside=Path(folder))
        return {figure: (Path(folder) / figure).read_bytes() for figure in wanted}


def gallery_entry(name: str) -> Iterator[str]:
    """Figure, table, the table at published sizes where one is kept, and the code of a script."""
    made = DRAWN[name]
    script = GALLERY / f"{name}.py"
    if made.figure is not None:
        caption = script.read_text(encoding="utf-8").removeprefix('"""').split("\n")[0].removesuffix('"""')
        yield from (f"![{caption}]({name}.png)", "")
    yield from (made.printed, "")
    kept = PUBLISHED_SIZES / f"{name}.md"
    if kept.exists():
        yield from (kept.read_text(encoding="utf-8"), "")
    yield from code_block(script)


def code_block(path: Path) -> Iterator[str]:
    """A file of the repository, folded; its name is what is seen at first."""
    language = {".py": "python", ".toml": "toml"}[path.suffix]
    yield from (f'??? example "{path.relative_to(REPOSITORY).as_posix()}"', "", f"    ```{language}")
    yield from (f"    {line}" for line in path.read_text(encoding="utf-8").splitlines())
    yield from ("    ```", "")


def equation(source: str, *_: Any, **__: Any) -> str:
    """A displayed equation as MathML."""
    return f'<div class="equation">{latex2mathml.converter.convert(source, display="block")}</div>'


class InlineEquation(InlineProcessor):
    """An equation within a line."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # noqa: ARG002
        """Replace the match by MathML that nothing else touches."""
        return self.md.htmlStash.store(latex2mathml.converter.convert(m[1])), m.start(0), m.end(0)


class InlineEquations(Extension):
    """Reads text between dollar signs as an equation."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the pattern before backslashes and underscores get their usual meaning, but after code."""
        md.inlinePatterns.register(InlineEquation(r"\$([^$\n]+)\$", md), "inline-equation", 185)


def cell(text: str) -> str:
    """Text that cannot break a table; inside backticks nothing can."""
    return " ".join(text.split()).replace("|", "\\|")


def schema_reference() -> Iterator[str]:
    """One table of keys for each table of an experiment file."""
    from ionscape.experiment import experiment_schema

    return tables_of(experiment_schema(), TABLES, heading="The file", anchor="the-file")


def measurement_reference() -> Iterator[str]:
    """Tables of keys for a measurement."""
    from ionscape.profiling.settings import measurement_schema

    heading = "Measurement: `[measurement]`"
    return tables_of(measurement_schema(), MEASUREMENT_TABLES, heading=heading, anchor="measurement")


def fit_reference() -> Iterator[str]:
    """Tables of keys for a fit."""
    from ionscape.inference.settings import fit_schema

    return tables_of(fit_schema(), FIT_TABLES, heading="Fit: `[fit]`", anchor="fit")


def series_reference() -> Iterator[str]:
    """Tables of keys for a series of glasses."""
    from ionscape.series import series_schema

    return tables_of(series_schema(), SERIES_TABLES, heading="Top level", anchor="series")


def hops_reference() -> Iterator[str]:
    """The tables of keys of a hops file that a series file does not have."""
    from ionscape.series import hops_schema

    schema = hops_schema()
    definitions = schema["$defs"]
    for name, heading in (
        ("KineticMonteCarloTable", "Hops in time: `[kinetic_monte_carlo]`"),
        ("SpectrumTable", "Conductivity over frequency: `[spectrum]`"),
        ("MobilityTable", "D(n, T): `[mobility]`"),
    ):
        yield from table_of_keys(definitions[name], definitions, heading=heading, anchor=name.lower())


def tables_of(schema: dict[str, Any], headings: dict[str, str], *, heading: str, anchor: str) -> Iterator[str]:
    """The keys of a schema, then those of the tables in it: first those that have a heading, in its order."""
    definitions = schema["$defs"]
    yield from table_of_keys(schema, definitions, heading=heading, anchor=anchor)
    for name in [*headings, *sorted(definitions.keys() - headings.keys())]:
        yield from table_of_keys(definitions[name], definitions, heading=headings.get(name, name), anchor=name.lower())


def table_of_keys(
    definition: dict[str, Any], definitions: dict[str, Any], *, heading: str, anchor: str
) -> Iterator[str]:
    """Heading, description and keys of one object of the schema."""
    required = set(definition.get("required", ()))
    yield from (f"## {heading} {{#{anchor}}}", "", summary_of(definition), "")
    yield from ("| key | value | default | meaning |", "| --- | --- | --- | --- |")
    for key, entry in definition["properties"].items():
        target = definitions.get(entry.get("$ref", "").rsplit("/", 1)[-1], {})
        default = "required" if key in required else default_of(entry)
        yield f"| `{key}` | {cell(type_of(entry))} | {default} | {cell(summary_of(entry) or summary_of(target))} |"
    yield ""


def summary_of(entry: dict[str, Any]) -> str:
    """First paragraph of a description; what follows it is for those who write Python."""
    return entry.get("description", "").split("\n\n")[0]


def default_of(entry: dict[str, Any]) -> str:
    """The value that an absent key stands for; empty where absence has a meaning of its own."""
    value = entry.get("default")
    return "" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def type_of(entry: dict[str, Any]) -> str:
    """What may stand as the value of a key, in words."""
    if "$ref" in entry:
        name = entry["$ref"].rsplit("/", 1)[-1]
        title = {**TABLES, **MEASUREMENT_TABLES, **FIT_TABLES, **SERIES_TABLES}.get(name, name)
        return f"[{title.split(':')[0].lower()}](#{name.lower()})"
    if "const" in entry:
        return f"`{json.dumps(entry['const'])}`"
    if "enum" in entry:
        return " or ".join(f"`{json.dumps(value)}`" for value in entry["enum"])
    for union in ("anyOf", "oneOf"):
        if union in entry:
            return " or ".join(dict.fromkeys(type_of(part) for part in entry[union] if part.get("type") != "null"))
    match entry.get("type"):
        case "array":
            if "prefixItems" in entry:
                return "[" + ", ".join(type_of(part) for part in entry["prefixItems"]) + "]"
            return f"list of {type_of(entry['items'])}" if "items" in entry else "list"
        case "object":
            (values,) = entry.get("patternProperties", {"": entry.get("additionalProperties")}).values()
            return f"table, each entry: {type_of(values)}" if isinstance(values, dict) else "table"
        case kind:
            return simple_type(entry, kind)


def simple_type(entry: dict[str, Any], kind: str | None) -> str:
    """A text, number or quantity with its bounds and an example."""
    words = entry.get("x-dimension") or {"string": "text", "boolean": "true or false", "integer": "whole number"}.get(
        str(kind), kind or "any"
    )
    limits = entry.get("x-bounds", entry)
    unit = f" {entry['x-unit']}" if "x-unit" in entry and any(limits.get(key) for key in BOUNDS) else ""
    parts = [words, *(f"{sign} {limits[key]:g}{unit}" for key, sign in BOUNDS.items() if key in limits)]
    if kind == "string" and entry.get("examples"):
        parts.append(f"`{json.dumps(entry['examples'][0], ensure_ascii=False)}`")
    return ", ".join(parts)


def command_reference() -> Iterator[str]:
    """Arguments and options of every subcommand."""
    import typer.main

    from ionscape.cli.main import application

    group = typer.main.get_command(application)
    context = click.Context(group, info_name="ionscape")
    yield from (group.help or "", "")
    for name, command in group.commands.items():
        subcontext = click.Context(command, info_name=name, parent=context)
        yield from (f"## ionscape {name}", "", command.get_short_help_str(limit=200), "")
        yield from ("```text", " ".join(["ionscape", name, *command.collect_usage_pieces(subcontext)]), "```", "")
        records = [help_record(parameter, subcontext) for parameter in command.get_params(subcontext)]
        shown = [record for record in records if record is not None]
        if shown:
            yield from ("| argument or option | meaning |", "| --- | --- |")
            yield from (f"| `{names}` | {cell(meaning)} |" for names, meaning in shown)
            yield ""


def help_record(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    """Names and help text of a parameter as the command itself shows them; None for --help."""
    if "--help" in parameter.opts:
        return None
    return parameter.get_help_record(context)


def python_reference() -> Iterator[str]:
    """What `ionscape` itself offers, then a mkdocstrings entry for every public name of the public packages."""
    import ionscape

    yield from ("## Names at hand", "", "After `import ionscape as isc`:", "")
    yield from ("| name | defined in | meaning |", "| --- | --- | --- |")
    for name in ionscape.__all__:
        if not name.startswith("_"):
            yield name_entry(name, getattr(ionscape, name))
    yield ""
    for heading, package in PUBLIC_PACKAGES:
        module = importlib.import_module(package)
        yield from (f"## {heading}", "", f"`{package}`", "")
        if description := inspect.getdoc(module):
            yield from (description, "")
        for name in public_names(module):
            yield from (f"::: {package}.{name}", "")


def name_entry(name: str, value: Any) -> str:
    """A row of the table of names: a link to the entry where the name is defined, and its first sentence."""
    homes = [package for _, package in PUBLIC_PACKAGES if name in public_names(importlib.import_module(package))]
    if not homes:  # a package
        return f"| `isc.{name}` | `{value.__name__}` | {cell(summary_line(value))} |"
    return f"| [`isc.{name}`](#{homes[0]}.{name}) | `{homes[0]}` | {cell(summary_line(value))} |"


def summary_line(value: Any) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(value) or "").split("\n")[0]


def public_names(module: Any) -> list[str]:
    """Names in ``__all__``, in its order; everything else is private."""
    return list(module.__all__)
