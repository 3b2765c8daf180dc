"""Run a trained model on images: ONNX Runtime on one thread of a CPU, torch where that cannot; and its export."""
