"""Studies: seed files and the models fitted to them."""
