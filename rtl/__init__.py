"""The SystemVerilog neurocore mesh, and the Python that parameterises, builds and runs it."""
