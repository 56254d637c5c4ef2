"""Servers for the tests of this folder."""

from sql_servers import mariadb_server, postgresql_server

__all__ = ["mariadb_server", "postgresql_server"]
