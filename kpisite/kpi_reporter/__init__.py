"""KPI Reporter's configuration files, taken as they are or written as reports."""
