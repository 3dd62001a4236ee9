"""Real torch as the judge: runs programs, records what autograd did, says which lines are to blame."""
