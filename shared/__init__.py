"""Code shared by the functions: a pure core that decodes and normalizes, and one impure edge that reads and writes."""
