"""The built-in output drivers, one file each."""
