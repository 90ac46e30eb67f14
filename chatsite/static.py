"""Static files under names that carry their hash, native ES modules included, so that browsers may keep them for ever."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import … from "./x.js";` to hashed names; every import must end with a semicolon and form no cycle."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20

    def url_converter(self, name: str, hashed_files: Mapping[str, str], template: str | None = None) -> Callable[..., str]:
        """Leaves comments alone: the `import("…")` of a JSDoc type is no import, and types may well form cycles."""
        convert = super().url_converter(name, hashed_files, template)

        def convert_code(match: re.Match[str]) -> Any:
            return match["matched"] if _in_block_comment(match) else convert(match)

        return convert_code


def _in_block_comment(match: re.Match[str]) -> bool:
    return match.string.rfind("/*", 0, match.start()) > match.string.rfind("*/", 0, match.start())
