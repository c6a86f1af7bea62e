"""What an event says: pure, without rows, tables or clocks."""
