"""The pages of an archive as paths, Markdown and assets."""
