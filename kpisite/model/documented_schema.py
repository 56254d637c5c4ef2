"""JSON Schema with the docstrings of fields as descriptions.

pydantic can do so too (`use_attribute_docstrings`), but then reads the sources of every model when
it is imported; here they are read when somebody asks for a schema.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema


class DocumentedSchema(GenerateJsonSchema):
    """The `schema_generator` of `model_json_schema` that knows docstrings of fields."""

    def model_schema(self, schema: Any) -> dict[str, Any]:
        """Return the JSON Schema of a model."""
        made = super().model_schema(schema)
        described: dict[str, Any] = made.get("properties", {})
        for cls in schema["cls"].__mro__:
            if issubclass(cls, BaseModel) and cls is not BaseModel:
                for name, text in _docstrings(cls).items():
                    described.get(name, {}).setdefault("description", text)
        return made


@functools.cache
def _docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings under the fields of a class; nothing where there are no sources."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[field.target.id] = inspect.cleandoc(str(text.value.value))
    return found
