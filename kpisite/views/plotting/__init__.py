"""What the view `plot` is made of: its data, its scales, its marks, and how they are drawn."""
