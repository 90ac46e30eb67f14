"""Static files under names that carry their hash, native ES modules included, so that browsers may keep them for ever."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import … from "./x.js";` to hashed names; every import must end with a semicolon and form no cycle."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
