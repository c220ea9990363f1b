"""The notebook face: the only folder that imports ipywidgets, IPython or mediapy."""
