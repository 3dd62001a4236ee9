"""``schemas/pyproject-tool-gradsafe.json``: the schema of the settings, for editors (``make config-schema``)."""
