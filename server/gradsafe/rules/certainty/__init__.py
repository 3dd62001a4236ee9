"""From one path's failure to a finding: how certain it is is decided by all paths together, whatever the rule."""
