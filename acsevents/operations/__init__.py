"""What operators do to the records: replay, rebuild, erase, prune, send and examine. The commands are thin wrappers."""
