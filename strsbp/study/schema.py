"""The JSON schema and the table of config keys, generated from the models of the settings.

`strsbp.study.documents` writes them to `workflow/schemas/config.schema.json` and to
`docs/reference/config.md`.
"""

import json
from typing import Any

from strsbp.study.experiments.settings import models
from strsbp.study.settings import StudySettings


def config_schema() -> dict[str, Any]:
    """JSON schema of a complete config file, generated from `StudySettings`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StudySettings.model_json_schema(),
        "title": "Configuration of the ST-RSBP study",
    }


def config_keys() -> str:
    """Every key of a config file as Markdown tables, generated from `StudySettings`."""
    schema = StudySettings.model_json_schema()
    parts = {"The config file": schema} | {
        title: schema["$defs"][name]
        for title, name in (
            ("`data`", "DataSettings"),
            ("`simulation`", "SimulationSettings"),
            *((f"`{name}`", model.__name__) for name, model in models().items()),
            ("`gradient_check.surrogates.<name>`", "SurrogateSettings"),
            ("`early_decision.networks.<name>`", "EarlyDecisionNetwork"),
            ("`variants.<name>`", "VariantSettings"),
            ("`architectures.<name>[]`, one entry per hidden layer", "LayerSettings"),
            ("`arms.<name>` and `defaults`", "ArmSettings"),
            ("`arms.<name>.table`", "TableSettings"),
            ("`figures.<fig2|fig3|fig4|fig6>`", "CurveFigure"),
        )
    }
    lines = []
    for title, part in parts.items():
        lines += [f"### {title}", "", "| Key | Values | Default | Meaning |", "| --- " * 4 + "|"]
        for key, node in part["properties"].items():
            default = "required" if key in part.get("required", ()) else _default(node)
            described = node if "description" in node else _resolve(node, schema)
            meaning = " ".join(described.get("description", "").split())
            meaning = meaning.replace("<", "&lt;").replace("|", "&#124;")
            lines.append(f"| `{key}` | {_values(node)} | {default} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _resolve(node, schema):
    return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def _default(node) -> str:
    default = node.get("default")
    return "" if default is None or isinstance(default, dict) else f"`{json.dumps(default)}`"


def _values(node) -> str:
    """The values a schema node allows, in a few words."""
    if "anyOf" in node:
        return next(_values(option) for option in node["anyOf"] if option.get("type") != "null")
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node.get("type") in ("integer", "number"):
        word = "integer" if node["type"] == "integer" else "number"
        bounds = [
            f"{sign} {node[key]:,}".removesuffix(".0") if key in node else ""
            for key, sign in (
                ("minimum", "≥"),
                ("exclusiveMinimum", ">"),
                ("maximum", "≤"),
                ("exclusiveMaximum", "<"),
            )
        ]
        return ", ".join([word, *filter(None, bounds)])
    if node.get("type") == "array":
        return f"list of {_values(node['items'])}" if "items" in node else "list"
    words = {"boolean": "`true`, `false`", "string": "text"}
    return words.get(node.get("type"), "mapping")
