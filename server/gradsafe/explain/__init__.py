"""From the text of an error to what it means and to the lines that are likely behind it."""
