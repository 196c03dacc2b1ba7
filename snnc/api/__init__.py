"""The Python API behind `import snnc`: `models.py` makes and reads models, `programs.py` works with them."""
