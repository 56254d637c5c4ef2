"""The built-in datasources, one file each."""
