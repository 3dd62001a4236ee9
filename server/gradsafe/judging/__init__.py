"""An analysis of some files with fixes that are proved: what the command line and the editor's *fix all* both work with."""
