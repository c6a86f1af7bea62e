"""The form of records in tables: columns, keys and limits. Pure: no storage."""
