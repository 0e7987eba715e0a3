"""What the keys of every section have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, field_validator

from gateway.config.values import Reading


class Keys(BaseModel):
    """The keys of one section. Good values are noted in the context even when others are wrong."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def note(cls, value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Keep what was read well, for the checks that look at several keys."""
        good = read(value)
        Reading.of(info).good[cls, str(info.field_name)] = good
        return good
