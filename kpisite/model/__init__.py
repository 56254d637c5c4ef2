"""What a report, a period, an edition and a metric are."""
