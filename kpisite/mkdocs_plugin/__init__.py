"""The adapter to MkDocs, the only folder that imports it."""
