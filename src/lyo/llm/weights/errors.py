"""The one error of model files, with a stable code that a health probe can show."""

from typing import Literal

WeightsCode = Literal[
    "bad_source",
    "checksum_missing",
    "checksum_mismatch",
    "download_failed",
    "file_unusable",
    "folder_unusable",
    "model_missing",
    "not_enough_disk",
    "not_enough_memory",
    "package_missing",
]


class WeightsError(Exception):
    """A model file cannot be had or must not be loaded. The message is one sentence for an operator."""

    def __init__(self, code: WeightsCode, message: str) -> None:
        super().__init__(message)
        self.code: WeightsCode = code
        self.message = message
