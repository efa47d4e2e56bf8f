"""Models as graphs of ONNX, for runtimes outside the database."""
