"""What the functions share: a pure core that decodes and normalizes, and one impure edge that writes."""
