"""The base of everything that is read from YAML or kept in the archive."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A frozen value that accepts no unknown key and documents its fields by docstrings."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
