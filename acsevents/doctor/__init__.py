"""Check a sink's settings, packages, tables and deployment in Azure; each finding says how to fix it."""
