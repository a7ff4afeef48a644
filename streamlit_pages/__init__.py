"""The operator dashboard: one entry, a shell that draws it, and one module per tab."""
