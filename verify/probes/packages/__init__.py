"""What is installed beside a Python interpreter, and whether it is what it should be."""
