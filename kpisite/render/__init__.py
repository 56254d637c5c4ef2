"""From recorded frames to text: blocks, charts, tables."""
