"""What proves the figures: the synthetic walker and the accuracy runs. Not shipped in the wheel."""
