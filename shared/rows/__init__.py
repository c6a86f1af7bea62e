"""What a record looks like in a table: columns, keys and limits; pure, without storage."""
