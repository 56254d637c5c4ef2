"""From definitions to committed editions: plan, run, record."""
