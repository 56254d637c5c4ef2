"""The base of everything that is read from YAML or kept in the archive."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A frozen value that accepts no unknown key and documents its fields by docstrings."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


@dataclass(frozen=True)
class Variable:
    """Marks an option that a variable of the environment gives where the definition does not.

    `Annotated[SecretStr, Variable("SLACK_API_TOKEN")]`, of a datasource or an output: views are
    made again years later. An empty variable gives nothing.
    """

    name: str

    @classmethod
    def of(cls, model: type[BaseModel], option: str) -> str:
        """Return the name of the variable that gives an option; "" where none does."""
        field = model.model_fields.get(option)
        marks = field.metadata if field else []
        return next((mark.name for mark in marks if isinstance(mark, cls)), "")
