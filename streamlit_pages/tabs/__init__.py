"""The ten tabs: one module each, with a `render()`; none imports another."""
