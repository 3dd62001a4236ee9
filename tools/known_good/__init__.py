"""What gradsafe says of released packages: code that works for many people, so whatever it says had better be right."""
