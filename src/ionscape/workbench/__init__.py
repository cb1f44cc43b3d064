"""The workbench: the whole analysis in a browser."""
