"""The built-in views, one file each."""
