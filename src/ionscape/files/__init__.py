"""Files at the edge of the package: text, TOML, columns with units, tables of keys, and what is wrong with them."""
