"""The operators' work on records: replay, rebuild, erase, prune and send. The commands are thin wrappers of it."""
