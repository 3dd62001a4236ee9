"""Programs with several defects: what gradsafe tells of those that torch would show only later."""
