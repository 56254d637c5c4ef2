"""The append-only store of editions: the single source of truth for the site."""
