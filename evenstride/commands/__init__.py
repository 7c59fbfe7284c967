"""Commands of the program that have a file of their own; heavy imports wait inside the functions."""
