"""The content of events. Pure: no rows, no tables, no clock."""
