"""The JSON Schemas of rule files, for editors that check while typing (docs/schema/)."""

from __future__ import annotations

import json

from monitor.rulebook.schema import FILES


def schemas() -> dict[str, str]:
    """File name to JSON Schema, one for each folder of rules/."""
    out = {}
    for kind, model in FILES.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}
        out[f"rules-{kind}.schema.json"] = json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return out
