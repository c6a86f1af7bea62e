"""Speed and cost, measured: what one event costs beside what it costs elsewhere."""
