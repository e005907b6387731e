"""What a program means: values, the interpreter, and the facts it finds."""
